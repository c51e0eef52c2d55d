/** One leased job that is executed: what is written, in which order, and what a death between leaves. */
import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { attemptKey, resolutionKey } from "../../shared/names.ts";
import { intercepted } from "../master/setting.ts";
import { submitted } from "./job-setting.ts";
import { aggregate, allCounted, blocksOf, messageOf, plan } from "./setting.ts";

describe("a job that is executed", () => {
  it("is written in the order that makes it exact: attempt, output, resolution, ready, message", async () => {
    const handling = await submitted();
    const steps: string[] = [];
    const { setting } = handling;
    const store = intercepted(setting.store, (method, key) => {
      if (method === "put" || method === "create")
        steps.push(key.includes("/resolutions/") ? "resolution" : key.slice(key.lastIndexOf("/") + 1));
    });
    const { ready } = setting;
    const send: typeof ready.send = async (messages) => {
      steps.push("ready");
      return await MemoryJobQueue.prototype.send.call(ready, messages);
    };
    Object.assign(ready, { send });
    handling.context = setting.context({ store });
    setting.run = (task) => {
      steps.push("executed");
      return allCounted(task.blocks.length);
    };
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "resolved");
    assert.deepEqual(steps, ["record", "executed", "segment", "resolution", "ready"]);
    assert.equal(await handling.message(), "deleted");
    const resolution = await setting.resolution();
    assert.equal(resolution?.covered.length, 2);
    assert.equal(resolution?.segment?.key, attemptKey(aggregate, plan, "000000", resolution?.attempt ?? "", "segment"));
    assert.deepEqual(setting.released, [resolution?.attempt]);
    assert.deepEqual(handling.status, [`started ${plan}/000000`, `ended ${plan}/000000`]);
  });

  it("runs no user code before its attempt is on record, though its children are made ready", async () => {
    const handling = await submitted();
    const { setting } = handling;
    const steps: string[] = [];
    const record = Promise.withResolvers<void>();
    const { runner, ...rest } = setting.context();
    const put = setting.store.put.bind(setting.store);
    setting.store.put = async (key, body) => {
      if (key.endsWith("/record")) {
        await record.promise;
        steps.push("recorded");
      }
      return await put(key, body);
    };
    handling.context = {
      ...rest,
      runner: {
        ...runner,
        run: async (task, hooks) => {
          steps.push("made ready");
          setTimeout(record.resolve, 20);
          return await runner.run(task, hooks);
        },
      },
    };
    setting.run = (task) => {
      steps.push("executed");
      return allCounted(task.blocks.length);
    };
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "resolved");
    assert.deepEqual(steps, ["made ready", "recorded", "executed"]);
  });

  it("costs three PUTs, and of GETs no more than five beside its blocks'", async () => {
    const handling = await submitted();
    const calls = new Map<string, number>();
    const store = intercepted(handling.setting.store, (method) => void calls.set(method, (calls.get(method) ?? 0) + 1));
    handling.context = handling.setting.context({ store });
    await handling.handle(messageOf(blocksOf(100)));
    assert.equal((calls.get("put") ?? 0) + (calls.get("create") ?? 0), 3);
    assert.ok((calls.get("get") ?? 0) + (calls.get("head") ?? 0) <= 5);
    assert.equal(calls.get("list"), undefined);
  });

  it("has lost when another attempt resolved it meanwhile, and deletes nothing", async () => {
    const handling = await submitted();
    const { setting } = handling;
    setting.run = async (task) => {
      await setting.store.put(resolutionKey(aggregate, plan, "000000"), Buffer.from('{"theirs":1}'));
      return allCounted(task.blocks.length);
    };
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "lost");
    assert.deepEqual((await setting.attemptKeys()).toSorted(), ["record", "segment"]);
    assert.equal(await handling.message(), "deleted");
  });

  it("that dies at any step is done by the next one, and resolved once", async () => {
    for (let step = 0; step < 5; step++) {
      const handling = await submitted();
      let writes = 0;
      let dead = false;
      const alive = (): void => {
        if (dead) throw new Error("killed");
      };
      const store = intercepted(
        handling.setting.store,
        (method) => {
          alive();
          if ((method === "put" || method === "create") && writes++ === step) {
            dead = true;
            alive();
          }
        },
        () => alive(),
      );
      const { jobs } = handling.setting;
      handling.context = handling.setting.context({ store });
      await handling.handle(messageOf(blocksOf(2)));
      await handling.setting.clock.advance(900_000);
      handling.context = handling.setting.context({ id: "w2" });
      if ((await jobs.counts()).visible > 0) await handling.again();
      assert.equal((await handling.setting.resolution())?.covered.length, 2, `killed at write ${step}`);
      assert.equal(await handling.message(), "deleted");
    }
  });

  it("resolves what a failed output did not keep it from, at the next attempt", async () => {
    const handling = await submitted();
    let failures = 0;
    const store = intercepted(handling.setting.store, (method) => {
      if (method === "create" && failures++ === 0) throw new SpotfoldError("timeout", "no answer");
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "failed-here");
    assert.equal((await handling.setting.records())[0]?.end?.cause, "infrastructure");
    await handling.message();
    assert.equal(await handling.again(), "resolved");
  });
});
