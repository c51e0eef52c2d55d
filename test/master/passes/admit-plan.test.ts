/** The plan that admission writes is the one that follows plainly from catalog, ledger and limits. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { MasterContext, PartitionedBlock, SelectedBlocks } from "../../../master/context.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { jobCount } from "../../../master/plan/cut.ts";
import { planned } from "../../../master/plan/select.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { encodeRow } from "../../../shared/formats/plan.ts";
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

/** As the catalog gives them: rows of some neighbours of one partition each. */
function asRows(blocks: readonly PartitionedBlock[], most: number): SelectedBlocks {
  const texts: { readonly partition: string; text: string; rows: number }[] = [];
  for (const block of blocks) {
    const row = encodeRow(planned(block, block.partition, undefined));
    const last = texts.at(-1);
    if (last === undefined || last.partition !== block.partition || last.rows === most) {
      texts.push({ partition: block.partition, text: row, rows: 1 });
    } else {
      last.text += `\n${row}`;
      last.rows++;
    }
  }
  return { [Symbol.iterator]: () => assert.fail("it has rows"), rowTexts: () => texts };
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
        fc.integer({ min: 0, max: 5 }),
        async (all, firsts, slots, rowsMost) => {
          const setting = new MasterSetting();
          const blocksOf = async (): Promise<SelectedBlocks> =>
            rowsMost === 0 ? setting.catalog : asRows(setting.catalog, rowsMost);
          const context: MasterContext = setting.context({ liveSlots: async () => slots, blocksOf });
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
      { numRuns: 120 },
    );
  });

  it("is refused when the selection has a block twice, and nothing is admitted", async () => {
    const setting = new MasterSetting();
    const blockOf = (date: string, key: string): PartitionedBlock => {
      return { key, size: 1, etag: "e", dimensions: { date }, partition: date };
    };
    const between = Array.from({ length: 3_000 }, (_, i) => blockOf("20260101", `between/${i}`));
    const [first, last] = [blockOf("20260101", "x"), blockOf("20260102", "y")];
    // Neighbours, far apart, or of different partitions.
    for (const again of [
      [first, first],
      [first, ...between, first],
      [first, blockOf("20260102", "x")],
    ]) {
      for (const blocks of [again, asRows(again, 10)]) {
        await assert.rejects(
          admitRun(setting.context({ blocksOf: async () => blocks }), specOf("one")),
          (error) => error instanceof SpotfoldError && error.code === "internal" && / twice/.test(error.message),
        );
      }
    }
    setting.catalog = [first, ...between, last];
    const { admitted } = await admitRun(setting.context(), specOf("one"));
    assert.equal(admitted, true);
  });
});
