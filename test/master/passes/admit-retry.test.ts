/** A run that retries is planned as any other, and takes of what is free what is missing by its reasons, and nothing else. */
import assert from "node:assert/strict";
import type { PartitionedBlock, SelectedBlocks } from "../../../master/context.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { closePass } from "../../../master/passes/close.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { planned } from "../../../master/plan/select.ts";
import { encodeRow } from "../../../shared/formats/plan.ts";
import type { MissingReason } from "../../../shared/formats/resolution.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { aggregate, blocksNamed, MasterSetting, specOf } from "../setting.ts";

const reasons: ReadonlyMap<string, MissingReason> = new Map([
  ["d=20260101/corrupt", "corrupt"],
  ["d=20260101/late", "timeout"],
  ["d=20260102/corrupt", "corrupt"],
]);
const known = [...reasons.keys(), "d=20260101/covered", "d=20260101/replaced"];

/** As the catalog gives them. */
function asRows(blocks: readonly PartitionedBlock[]): SelectedBlocks {
  const rowTexts = () =>
    blocks.map((block) => ({
      partition: block.partition,
      text: encodeRow(planned(block, block.partition, undefined)),
    }));
  return { [Symbol.iterator]: () => assert.fail("it has rows"), rowTexts };
}

/** The run `one` over all that is known, closed. */
async function missed(): Promise<MasterSetting> {
  const setting = new MasterSetting();
  setting.catalog = blocksNamed(...known);
  await admitRun(setting.context(), specOf("one"));
  const open = await setting.open("one");
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    const missing = blocks.flatMap(({ key }, block) => {
      const reason = reasons.get(key);
      return reason === undefined ? [] : [{ block, reason, detail: "", records: 0, rejected: {} }];
    });
    await setting.resolve(open, job, blocks, { missing });
  }
  await enterPass(setting.context(), await setting.read());
  assert.equal(await closePass(setting.context(), await setting.read()), 1);
  const found = blocksNamed(...known, "d=20260101/new", "d=20260102/new", "d=20260103/new");
  setting.catalog = found.map((block) => (block.key.endsWith("replaced") ? { ...block, etag: "another" } : block));
  return setting;
}

async function admittedKeys(retry: readonly string[], isRows: boolean): Promise<string[]> {
  const setting = await missed();
  const blocksOf = async (): Promise<SelectedBlocks> => (isRows ? asRows(setting.catalog) : setting.catalog);
  const spec = specOf("two", { reprocess: true, retry: [...retry] });
  const result = await admitRun(setting.context({ blocksOf }), spec);
  assert.equal(result.admitted, true);
  const { open } = await setting.manifest();
  const keys: string[] = [];
  for (const { plan } of open) {
    for await (const { blocks } of readPlan(setting.store, aggregate, plan)) keys.push(...blocks.map(({ key }) => key));
  }
  return keys;
}

describe("the admission of a run that retries", () => {
  for (const isRows of [false, true]) {
    it(`takes what is missing by its reasons, ${isRows ? "of rows" : "of blocks"}`, async () => {
      const corrupt = ["d=20260101/corrupt", "d=20260102/corrupt"];
      assert.deepEqual(await admittedKeys(["corrupt"], isRows), corrupt);
      assert.deepEqual(await admittedKeys(["timeout", "bored"], isRows), ["d=20260101/late"]);
      assert.deepEqual(await admittedKeys(["corrupt", "timeout"], isRows), [...reasons.keys()]);
      assert.deepEqual(await admittedKeys(["gone"], isRows), []);
    });
  }

  it("leaves to another one what that holds", async () => {
    const setting = await missed();
    const spec = { reprocess: true, retry: ["corrupt"] };
    assert.deepEqual(await admitRun(setting.context(), specOf("two", spec)), { admitted: true, jobs: 2, blocks: 2 });
    assert.deepEqual(await admitRun(setting.context(), specOf("three", spec)), { admitted: true, jobs: 0, blocks: 0 });
  });
});
