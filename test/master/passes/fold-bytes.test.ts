/** What a fold of one small output writes does not depend on how much the aggregate covers already: bytes counted, fold by fold. */
import assert from "node:assert/strict";
import { admitRun } from "../../../master/passes/admit.ts";
import { compactPass } from "../../../master/passes/compact.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import type { BlobBody, BlobStore } from "../../../shared/ports/blob-store.ts";
import { aggregate, blocksNamed, manyBlocks, MasterSetting, specOf } from "../setting.ts";

/** The store, which tells how many bytes are written through it. */
function weighed(store: BlobStore, wrote: (bytes: number) => void): BlobStore {
  async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      wrote(piece.length);
      yield piece;
    }
  }
  const put = async (key: string, body: BlobBody): ReturnType<BlobStore["put"]> => {
    if (body instanceof Uint8Array) wrote(body.length);
    else if ("finishedFile" in body) assert.fail("a store in memory gets no files");
    else return await store.put(key, pieces(body));
    return await store.put(key, body);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "put") return put;
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (key: string, ...rest: unknown[]) => {
        if ((name === "create" || name === "swap") && rest[0] instanceof Uint8Array) wrote(rest[0].length);
        return member.call(target, key, ...rest) as unknown;
      };
    },
  });
}

/** Of 70 folds of one block into an aggregate of so many: what the one wrote that wrote most; and what its coverage takes. */
async function foldsInto(covered: number): Promise<{ most: number; coverage: number }> {
  const setting = new MasterSetting();
  let written = 0;
  const context = setting.context({
    store: weighed(setting.store, (bytes) => (written += bytes)),
    liveSlots: async () => 50,
  });
  const fold = async (run: string): Promise<number> => {
    await admitRun(context, specOf(run));
    const open = await setting.open(run);
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan))
      await setting.resolve(open, job, blocks);
    written = 0;
    await enterPass(context, await setting.read(), { run });
    await compactPass(context, aggregate);
    return written;
  };
  setting.catalog = manyBlocks(covered, 5);
  await fold("base");
  const coverage = (await setting.manifest()).coverage.reduce((sum, { bytes }) => sum + bytes, 0);
  let most = 0;
  // Coverage is merged by eights: so often that two levels are full once.
  for (let i = 0; i < 70; i++) {
    setting.catalog = blocksNamed(`d=20260101/one${String(i).padStart(5, "0")}`);
    most = Math.max(most, await fold(`r${i}`));
  }
  return { most, coverage };
}

describe("a fold of one output", () => {
  it("writes no more into an aggregate that covers much than into one that covers little, merges included", async () => {
    const little = await foldsInto(20);
    const much = await foldsInto(20_000);
    assert.ok(much.coverage > 4 * little.most, `${much.coverage} bytes of coverage`);
    assert.ok(much.most < 1.5 * little.most, `${much.most} instead of ${little.most} bytes`);
  }).timeout(120_000);
});
