/** What an attempt that fails leaves: records, holds, successors, missing blocks, and a message that comes again. */
import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { attemptKey, workerKey } from "../../shared/names.ts";
import { readHold } from "../../shared/read-hold.ts";
import { intercepted } from "../master/setting.ts";
import { failed, fault, submitted, type Handling } from "./job-setting.ts";
import { aggregate, allCounted, blocksOf, messageOf, plan } from "./setting.ts";

describe("an attempt that fails", () => {
  it("by its machine is recorded, blames nobody, and comes back later", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("infrastructure"));
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "failed-here");
    const [record] = await handling.setting.records();
    assert.deepEqual([record?.end?.cause, record?.worker], ["infrastructure", "w1"]);
    assert.notEqual(await handling.message(), "deleted");
    assert.equal(await handling.setting.resolution(), null);
  });

  it("counts once as failed, whatever it failed by and what becomes of its job; what was interrupted did not fail", async () => {
    for (const [cause, failures] of [
      ["infrastructure", 1],
      ["environment", 1],
      ["timeout", 1],
      ["code", 1],
      ["interrupted", 0],
      ["lost-lease", 0],
    ] as const) {
      // Of one block: tried again, or given back; of two: handed on.
      for (const blocks of [1, 2]) {
        const handling = await submitted();
        handling.setting.run = () => failed(fault(cause, { block: 0 }), [fault(cause, { block: 0 })]);
        await handling.handle(messageOf(blocksOf(blocks)));
        assert.equal(await handling.failures(), failures, `${cause}, ${blocks} blocks`);
      }
    }
  });

  it("by the environment holds the run", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("environment", { reason: "access-denied" }));
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    const hold = await readHold(handling.setting.store, "r1");
    assert.deepEqual([hold?.hold.kind, hold?.hold.what], ["environment", "by environment"]);
    assert.match(hold?.hold.hint ?? "", /^Allow/);
  });

  it("by the environment holds the run with the hint of the error, and keeps it in its record", async () => {
    const handling = await submitted();
    const hint = 'Allow it in a policy: {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}';
    handling.setting.run = () => failed(fault("environment", { reason: "access-denied", hint }));
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    const [record] = await handling.setting.records();
    const found = await readHold(handling.setting.store, "r1");
    assert.deepEqual([found?.hold.hint, found?.hold.code, record?.end?.hint], [hint, "access-denied", hint]);
  });

  it("before its record is written holds the run, too, since nothing else would say why it stands still", async () => {
    const handling = await submitted();
    const hint = 'Allow it in a policy: {"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/k"}';
    const store = intercepted(handling.setting.store, (method, key) => {
      if (method === "put" && key.endsWith("/record"))
        throw new SpotfoldError("access-denied", "may not write", { hint });
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    const found = await readHold(handling.setting.store, "r1");
    assert.deepEqual([found?.hold.kind, found?.hold.code, found?.hold.hint], ["environment", "access-denied", hint]);
    assert.deepEqual(handling.setting.tasks, []);
    const delay = await handling.message();
    assert.ok(typeof delay === "number" && delay >= 14_500 && delay <= 15_500, `${delay}: when the hold ends`);
  });

  it("before it begins, since the data may not be looked at, holds the run with what the store says", async () => {
    const handling = await submitted();
    const refused = new SpotfoldError("no-credentials", "the session has ended", { hint: "Log in: aws sso login" });
    handling.context = handling.setting.context({ data: async () => await Promise.reject(refused) });
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    const found = await readHold(handling.setting.store, "r1");
    assert.deepEqual([found?.hold.what, found?.hold.hint], ["the session has ended", "Log in: aws sso login"]);
  });

  it("by code before the first record holds the run at the second time", async () => {
    const handling = await submitted();
    handling.setting.run = () =>
      failed(fault("code", { beforeFirstRecord: true, block: 0 }), [
        fault("code", { block: 0, beforeFirstRecord: true }),
      ]);
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    assert.equal(await readHold(handling.setting.store, "r1"), null);
    await handling.message();
    assert.equal(await handling.again(), "held");
    const bundle = (await readHold(handling.setting.store, "r1"))?.hold;
    assert.deepEqual([bundle?.kind, bundle?.hint], ["bundle", "Mend the analysis and submit it again."]);
    assert.equal(await handling.setting.resolution(), null);
  });

  it("on one block hands that one on alone, keeps what is read, at the first strike", async () => {
    const handling = await submitted();
    handling.setting.run = () => {
      const { reports, segment } = allCounted(2);
      const struck = fault("bad-input", { block: 2, reason: "corrupt" });
      return { ...failed(struck, [struck]), reports, segment };
    };
    assert.equal(await handling.handle(messageOf(blocksOf(5))), "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual(resolution?.remaining, [[2], [3, 4]]);
    assert.deepEqual([resolution?.covered.length, resolution?.missing.length], [2, 0]);
  });

  it("on its only block is confirmed by a second attempt before it is missing", async () => {
    const handling = await submitted();
    const struck = fault("bad-input", { block: 0, reason: "corrupt" });
    handling.setting.run = () => failed(null, [struck]);
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "released");
    assert.equal(await handling.setting.resolution(), null);
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual(
      resolution?.missing.map(({ block, reason, detail }) => [block, reason, detail]),
      [[0, "corrupt", "by bad-input"]],
    );
    assert.equal(resolution?.handedOn, null, "a damaged block is nobody's failure");
  });

  it("for want of memory runs again alone with more of it, and is halved when that is not enough", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("out-of-memory"));
    assert.equal(await handling.handle(messageOf(blocksOf(3))), "released");
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    assert.deepEqual(
      handling.setting.tasks.map(({ limits }) => [limits.heapBytesMax, limits.rssBytesMax]),
      [
        [512, 1024],
        [1024, 2048],
      ],
    );
    assert.deepEqual((await handling.setting.resolution())?.remaining, [[0, 1], [2]]);
  });

  for (const [what, refuses] of [
    ["the attempts are listed", (method: string, key: string) => method === "list" && key.includes("/attempts/")],
    ["its end is written", (method: string, key: string) => method === "put" && key.endsWith("/record")],
  ] as const) {
    it(`keeps its end when the store fails as ${what}`, async () => {
      const handling = await submitted();
      const { setting } = handling;
      let failures = 0;
      const store = intercepted(setting.store, (method, key) => {
        if (setting.tasks.length > 0 && failures === 0 && refuses(method, key)) {
          failures++;
          throw new SpotfoldError("store-unavailable", "no answer", { retryable: true });
        }
      });
      handling.context = setting.context({ store });
      const struck = fault("bad-input", { block: 0, reason: "corrupt" });
      setting.run = () => failed(null, [struck]);
      assert.equal(await handling.handle(messageOf(blocksOf(1))), "failed-here");
      assert.equal(failures, 1);
      const [record, ...more] = await setting.records();
      assert.deepEqual([record?.end?.cause, record?.end?.reason, more.length], ["bad-input", "corrupt", 0]);
      await handling.message();
      assert.equal(await handling.again(), "resolved", "its second attempt confirms the first");
      assert.equal((await setting.resolution())?.missing[0]?.reason, "corrupt");
    });
  }

  describe("is logged once as ended, with its cause, message and block,", () => {
    /** Ends in the log; each start has one. */
    function ends({ setting }: Handling): object[] {
      assert.equal(setting.of("job-ended").length, setting.of("job-started").length);
      return setting.of("job-ended").map(({ event: _event, run: _run, job: _job, counts: _counts, ...why }) => why);
    }

    const struck = fault("bad-input", { block: 0, reason: "corrupt" });
    const why = { message: "by bad-input", block: "d=20260101/0" };

    it("when it is to be confirmed, and when it is", async () => {
      const handling = await submitted();
      handling.setting.run = () => failed(null, [struck]);
      await handling.handle(messageOf(blocksOf(1)));
      assert.deepEqual(ends(handling), [{ how: "bad-input", ...why }]);
      await handling.message();
      await handling.again();
      assert.deepEqual(ends(handling), [
        { how: "bad-input", ...why },
        { how: "resolved", cause: "bad-input", ...why },
      ]);
    });

    it("when it hands on", async () => {
      const handling = await submitted();
      handling.setting.run = () => failed(struck, [struck]);
      await handling.handle(messageOf(blocksOf(3)));
      assert.deepEqual(ends(handling), [{ how: "resolved", cause: "bad-input", ...why }]);
    });

    it("when it holds the run", async () => {
      const handling = await submitted();
      const early = fault("code", { beforeFirstRecord: true });
      handling.setting.run = () => failed(early);
      await handling.handle(messageOf(blocksOf(2)));
      await handling.message();
      assert.equal(await handling.again(), "held");
      const told = { how: "code", message: "by code" };
      assert.deepEqual(ends(handling), [told, told]);
    });

    it("when its machine failed", async () => {
      const handling = await submitted();
      handling.setting.run = () => failed(fault("infrastructure", { block: 1 }));
      await handling.handle(messageOf(blocksOf(2)));
      assert.deepEqual(ends(handling), [
        { how: "infrastructure", message: "by infrastructure", block: "d=20260101/1" },
      ]);
    });
  });

  it("beside a record of a newer worker counts its own all the same", async () => {
    const handling = await submitted();
    const newer = attemptKey(aggregate, plan, "000000", "f".repeat(16), "record");
    await handling.setting.store.put(newer, encodeStored({ format: 2 }));
    handling.setting.run = () => failed(fault("code", { block: 0 }), [fault("code", { block: 0 })]);
    await handling.handle(messageOf(blocksOf(1)));
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    assert.equal((await handling.setting.resolution())?.missing[0]?.reason, "code");
  });

  it("is confirmed by distinct workers where another one lives", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("timeout"));
    await handling.setting.store.put(workerKey("w2"), Buffer.from("{}"));
    await handling.handle(messageOf(blocksOf(1)));
    for (let i = 0; i < 3; i++) {
      await handling.setting.store.put(workerKey("w2"), Buffer.from("{}"));
      assert.equal(await handling.again(), "failed-here");
    }
    assert.equal(await handling.setting.resolution(), null);
    handling.context = handling.setting.context({ id: "w2" });
    assert.equal(await handling.again(), "resolved");
    assert.equal((await handling.setting.resolution())?.missing[0]?.reason, "timeout");
  });
});
