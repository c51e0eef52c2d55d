/** What is looked at before a leased job is executed, and what becomes of its message when it is not. */
import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import { holdKey, planKey, resolutionKey, runKey } from "../../shared/names.ts";
import { encodePlan } from "../../shared/plan-file.ts";
import { intercepted } from "../master/setting.ts";
import { Handling, submitted } from "./job-setting.ts";
import { aggregate, blocksOf, messageOf, plan, recordOf } from "./setting.ts";

describe("before a job is executed", () => {
  it("a message that cannot be read is dropped, one of a newer format left to newer workers", async () => {
    const { digest } = messageOf(blocksOf(1));
    for (const [body, end, where] of [
      ["no JSON", "dropped", "deleted"],
      ["[]", "newer", 900_000],
      ['{"format":1}', "dropped", "deleted"],
      ['{"format":2}', "newer", 900_000],
      [JSON.stringify({ ...messageOf(blocksOf(1)), digest, blocks: [["key"]] }), "dropped", "deleted"],
    ] as const) {
      const handling = await submitted();
      assert.equal(await handling.handle(body), end, body);
      assert.equal(await handling.message(), where, body);
      assert.equal(handling.setting.of("message-refused").length, 1);
    }
  });

  it("records of the run that are of a newer format are left alone, and blame no machine", async () => {
    for (const key of [runKey("r1"), holdKey("r1")]) {
      const handling = await submitted();
      await handling.setting.store.put(key, Buffer.from('{"format":2}'));
      assert.equal(await handling.handle(messageOf(blocksOf(1))), "newer", key);
      assert.equal(await handling.message(), 900_000);
      assert.equal(handling.setting.tasks.length, 0);
    }
  });

  it("a job of an unknown or closed run is dropped", async () => {
    const unknown = new Handling();
    assert.equal(await unknown.handle(messageOf(blocksOf(1))), "dropped");
    const closed = await submitted();
    await closed.setting.hold({ kind: "closed" });
    assert.equal(await closed.handle(messageOf(blocksOf(1))), "dropped");
    for (const handling of [unknown, closed]) {
      assert.equal(await handling.message(), "deleted");
      assert.equal(handling.setting.tasks.length, 0);
    }
  });

  it("a held run's job comes back when the hold ends, or after a while", async () => {
    for (const [kind, afterMs] of [
      ["environment", 20_000],
      ["bundle", 30_000],
      ["failures", 30_000],
    ] as const) {
      const handling = await submitted();
      await handling.setting.hold({ kind, until: handling.setting.clock.now() + 20_000 });
      assert.equal(await handling.handle(messageOf(blocksOf(1))), "held");
      assert.equal(await handling.message(), afterMs);
    }
    const over = await submitted();
    await over.setting.hold({ kind: "environment", until: over.setting.clock.now() });
    assert.equal(await over.handle(messageOf(blocksOf(1))), "resolved");
  });

  it("a resolved job is acknowledged without any work", async () => {
    const handling = await submitted();
    await handling.setting.store.put(resolutionKey(aggregate, plan, "000000"), Buffer.from("{}"));
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "dropped");
    assert.equal(await handling.message(), "deleted");
    assert.deepEqual([handling.setting.tasks, await handling.setting.attemptKeys()], [[], []]);
  });

  it("the list is read from the plan when the message does not carry it, and must be the one that it names", async () => {
    const blocks = blocksOf(3);
    const { blocks: _, ...bare } = messageOf(blocks);
    const handling = await submitted();
    await handling.setting.store.put(planKey(aggregate, plan), encodePlan([blocks]));
    assert.equal(await handling.handle(bare), "resolved");
    assert.deepEqual(
      handling.setting.tasks[0]?.blocks.map(({ key, etag }) => [key, etag]),
      blocks.map(({ key, etag }) => [key, etag]),
    );
    const other = await submitted();
    await other.setting.store.put(planKey(aggregate, plan), encodePlan([blocksOf(2)]));
    assert.equal(await other.handle(bare), "dropped");
    const lost = await submitted();
    assert.equal(await lost.handle(bare), "dropped");
    const lying = await submitted();
    assert.equal(await lying.handle({ ...messageOf(blocks), digest: "0".repeat(16) }), "dropped");
    for (const none of [other, lost, lying]) assert.equal(none.setting.tasks.length, 0);
  });

  it("earlier attempts are looked at only when there may be some", async () => {
    for (const [send, tried] of [
      [1, "resolved"],
      [2, "resolved"],
    ] as const) {
      const handling = await submitted();
      let lists = 0;
      handling.context = handling.setting.context({
        store: intercepted(handling.setting.store, (method) => void (lists += method === "list" ? 1 : 0)),
      });
      assert.equal(await handling.handle(messageOf(blocksOf(1), { send })), tried);
      assert.equal(lists, send - 1);
    }
  });

  it("a job whose budget is used up is resolved without executing it again", async () => {
    const handling = await submitted();
    for (let i = 0; i < 5; i++) {
      await handling.setting.record(recordOf({ attempt: `${i}`.repeat(16), worker: `dead${i}` }));
    }
    assert.equal(await handling.handle(messageOf(blocksOf(4), { send: 2 })), "resolved");
    assert.equal(handling.setting.tasks.length, 0);
    const resolution = await handling.setting.resolution();
    assert.deepEqual(
      [resolution?.remaining, resolution?.handedOn, resolution?.segment],
      [
        [
          [0, 1],
          [2, 3],
        ],
        "vanished",
        null,
      ],
    );
  });

  it("a port that fails gives the message back after a while, and nothing is recorded", async () => {
    const handling = await submitted();
    const store = intercepted(handling.setting.store, (method) => {
      if (method === "head") throw new SpotfoldError("store-unavailable", "away");
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "failed-here");
    const delay = await handling.message();
    assert.ok(typeof delay === "number" && delay >= 7_500 && delay <= 15_500, `${delay}`);
    assert.deepEqual(await handling.setting.attemptKeys(), []);
  });

  it("credentials that have run out give it back, too: they speak of no machine, and the log says what to do", async () => {
    const handling = await submitted();
    const store = intercepted(handling.setting.store, (method) => {
      if (method === "get") throw new SpotfoldError("no-credentials", "expired", { hint: "aws sso login" });
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "refused");
    assert.deepEqual(handling.setting.of("queue-failed"), [
      { event: "queue-failed", what: "job", message: "expired", hint: "aws sso login" },
    ]);
    assert.notEqual(await handling.message(), "deleted");
  });
});
