/** The plan that admission writes is the one that follows plainly from catalog, ledger and limits. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { MasterContext, PartitionedBlock } from "../../../master/context.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { jobCount } from "../../../master/plan/cut.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { compareTexts } from "../../../shared/segment/order.ts";
import { aggregate, MasterSetting, specOf } from "../setting.ts";

const name = fc.oneof(fc.string({ minLength: 1, maxLength: 6 }), fc.constantFrom('a"b', "é", "\\", "\u{1F600}"));
const blocks = fc
  .uniqueArray(fc.record({ day: fc.integer({ min: 1, max: 3 }), name, size: fc.oneof(fc.nat(100), fc.nat(2 ** 31)) }), {
    maxLength: 40,
    selector: ({ day, name }) => `${day}/${name}`,
  })
  .map((found) =>
    found
      .map(({ day, name, size }): PartitionedBlock => {
        const date = `2026010${day}`;
        const key = `d=${date}/${name}`;
        return { key, size, etag: `etag of ${key}`, dimensions: { date }, partition: date };
      })
      .toSorted((a, b) => compareTexts(a.key, b.key)),
  );

async function plannedKeys(setting: MasterSetting, run: string): Promise<string[][]> {
  const { plan } = await setting.open(run);
  const jobs: string[][] = [];
  for await (const job of readPlan(setting.store, aggregate, plan)) jobs.push(job.blocks.map(({ key }) => key));
  return jobs;
}

/** By the definition: a block ends a job when the next whole share of all bytes is reached in it. */
function naiveJobs(blocks: readonly PartitionedBlock[], pieces: number): string[][] {
  const total = blocks.reduce((sum, { size }) => sum + size + 1, 0);
  const jobs: string[][] = [[]];
  let reached = 0;
  for (const { key, size } of blocks) {
    const before = Math.floor((reached * pieces) / total + 1e-9);
    reached += size + 1;
    jobs.at(-1)?.push(key);
    if (Math.floor((reached * pieces) / total + 1e-9) > before) jobs.push([]);
  }
  return jobs.filter((job) => job.length > 0);
}

describe("the plan of an admission", () => {
  it("has every free block once, in order, cut by bytes; what another run holds is left out", async () => {
    await fc.assert(
      fc.asyncProperty(
        blocks,
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, firsts, slots) => {
          const setting = new MasterSetting();
          const context: MasterContext = setting.context({ liveSlots: async () => slots });
          const first = all.filter((_, index) => firsts[index] === true);
          const rest = all.filter((_, index) => firsts[index] !== true);
          for (const [run, selected, expected] of [
            ["one", first, first],
            ["two", all, rest],
          ] as const) {
            setting.catalog = selected;
            const result = await admitRun(context, specOf(run));
            const bytes = expected.reduce((sum, { size }) => sum + size, 0);
            const jobs = naiveJobs(expected, jobCount(expected.length, bytes, slots));
            assert.deepEqual(result, { admitted: true, jobs: jobs.length, blocks: expected.length });
            if (jobs.length > 0) assert.deepEqual(await plannedKeys(setting, run), jobs);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is refused when the selection has a block twice, and nothing is admitted", async () => {
    const setting = new MasterSetting();
    const blockOf = (date: string): PartitionedBlock => ({
      key: "x",
      size: 1,
      etag: "e",
      dimensions: { date },
      partition: date,
    });
    const [first, second] = [blockOf("20260101"), blockOf("20260102")];
    setting.catalog = [first, second, second];
    await assert.rejects(
      admitRun(setting.context(), specOf("one")),
      (error) => error instanceof SpotfoldError && error.code === "internal" && / twice/.test(error.message),
    );
    setting.catalog = [first, second];
    assert.deepEqual(await admitRun(setting.context({ liveSlots: async () => 1 }), specOf("one")), {
      admitted: true,
      jobs: 2,
      blocks: 2,
    });
  });
});
