/** From resolutions to rows and entries; lists of blocks along chains of successors. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { encodeCoverageRows, resolvedJob } from "../../../master/passes/entries.ts";
import { JobBlocks } from "../../../master/passes/job-blocks.ts";
import { readCoveredBlocks } from "../../../master/coverage.ts";
import type { OpenRun } from "../../../shared/formats/ledger.ts";
import { blocksDigest, type PlannedBlock } from "../../../shared/formats/plan.ts";
import { resolutionFlaw, type Resolution } from "../../../shared/formats/resolution.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { coverageKey, planKey, resolutionKey } from "../../../shared/names.ts";
import { encodePlan } from "../../../shared/plan-file.ts";
import { aggregate, intercepted, MasterSetting } from "../setting.ts";

const plan = "r1.0123456789ab";
const run: OpenRun = {
  run: "r1",
  plan,
  dataset: "data",
  admission: 4,
  admittedAt: 0,
  deadlineMs: 1,
  jobs: 1,
  blocks: 4,
  folded: "AA==",
  foldedJobs: 0,
  successors: [],
  failedJobs: 0,
  totals: { covered: 0, missing: 0, records: 0, rejected: {} },
};

const blocksOf = (count: number): PlannedBlock[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, size: i, etag: `e${i}`, partition: `p${i % 2}`, tries: i }));

function resolutionOf(blocks: readonly PlannedBlock[], change: Partial<Resolution> = {}): Resolution {
  return {
    format: 1,
    run: "r1",
    plan,
    job: "000000",
    attempt: "0".repeat(16),
    worker: "w",
    digest: blocksDigest(blocks),
    covered: blocks.map((_, block) => ({ block, records: 10, rawBytes: 100, rejected: { "no-os": 2 } })),
    missing: [],
    remaining: [],
    handedOn: null,
    segment: { key: "s", bytes: 5, entries: 3, partitions: ["p0", "p1"], units: ["u"] },
    ...change,
  };
}

const made = (blocks: readonly PlannedBlock[], resolution: Resolution | null): ReturnType<typeof resolvedJob> =>
  resolvedJob(run, "000000", blocks, resolution, resolutionFlaw);

describe("a resolved job", () => {
  const blocks = blocksOf(4);
  const told = {
    covered: [{ block: 0, records: 10, rawBytes: 100, rejected: { "no-os": 2, constructor: 1 } }],
    missing: [
      { block: 1, reason: "no-record-accepted" as const, detail: "first", records: 3, rejected: { "no-os": 3 } },
    ],
    remaining: [[2], [3]],
  };

  it("has a row for each block that is covered or missing, with what its admission, size and etag were", () => {
    const { rows, entry, flaw } = made(blocks, resolutionOf(blocks, { ...told, handedOn: "code" }));
    assert.equal(flaw, null);
    const of = { run: "r1", admission: 4 };
    assert.deepEqual(
      rows.map(({ key, row }) => [key, row]),
      [
        ["p0\tdata\tk0", { ...of, etag: "e0", size: 0, state: "covered", ...told.covered[0], block: undefined }],
        [
          "p1\tdata\tk1",
          {
            ...of,
            etag: "e1",
            size: 1,
            state: "missing",
            reason: "no-record-accepted",
            detail: "first",
            tries: 2,
            rawBytes: 0,
            records: 3,
            rejected: { "no-os": 3 },
          },
        ],
      ].map(([key, row]) => [
        key,
        Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== undefined)),
      ]),
    );
    assert.deepEqual(entry.totals, { covered: 1, missing: 1, records: 13, rejected: { "no-os": 5, constructor: 1 } });
    assert.deepEqual([entry.groups, entry.failed, entry.units, entry.segment?.level], [2, true, ["u"], 0]);
  });

  it("failed when it handed on by a fault of its own, not by its machine's", () => {
    for (const [handedOn, failed] of [
      ["code", true],
      ["out-of-memory", true],
      ["timeout", true],
      ["vanished", false],
      ["infrastructure", false],
      ["interrupted", false],
      ["bad-input", false],
      [null, false],
    ] as const) {
      assert.equal(made(blocks, resolutionOf(blocks, { ...told, handedOn })).entry.failed, failed, `${handedOn}`);
    }
  });

  it("that cannot be taken as it is has all blocks missing, nothing entered, nothing handed on, and says why", () => {
    const flaws: readonly (readonly [Resolution | null, RegExp])[] = [
      [null, /cannot be read/],
      [resolutionOf(blocks, { plan: "r1.ffffffffffff" }), /another plan/],
      [resolutionOf(blocks, { job: "000001" }), /another plan or job/],
      [resolutionOf(blocks, { digest: "f".repeat(16) }), /another list/],
      [resolutionOf(blocks, { covered: [] }), /4 blocks are not accounted for/],
      [resolutionOf(blocks, { remaining: [[0]] }), /block 0 is accounted for twice/],
      [resolutionOf(blocks, { remaining: [[4]] }), /block 4 is not in the job/],
      [resolutionOf(blocks, { covered: [], remaining: [[0, 1, 2, 3]] }), /a segment and covers nothing/],
    ];
    for (const [resolution, why] of flaws) {
      const { flaw, rows, entry } = made(blocks, resolution);
      assert.match(flaw ?? "", why);
      assert.deepEqual(
        rows.map(({ row }) => [row.state, row.reason, row.tries]),
        blocks.map((block) => ["missing", "invalid-resolution", block.tries + 1]),
      );
      assert.deepEqual([entry.segment, entry.groups, entry.failed, entry.totals.missing], [null, 0, true, 4]);
    }
  });
});

describe("coverage", () => {
  const row = fc.record({
    partition: fc.constantFrom("", "a", "a b", "b"),
    block: fc.constantFrom("x", "y", "é", "\u{1F600}", "\uFFFD", "x/y"),
    admission: fc.integer({ min: 1, max: 5 }),
  });

  it("of several segments is one sorted stream, the row of the later admission where a block has several", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 5 }), async (segments) => {
        const { store } = new MasterSetting();
        const expected = new Map<string, number>();
        const named = [];
        for (const [index, rows] of segments.entries()) {
          // A segment has a block once.
          const unique = new Map(rows.map((each) => [`${each.partition}\t${each.block}`, each]));
          const encoded = [...unique.values()].map(({ partition, block, admission }) => {
            const planned = [{ key: block, size: 1, etag: "e", partition, tries: 0 }];
            return resolvedJob({ ...run, admission }, "000000", planned, null, resolutionFlaw).rows;
          });
          for (const { partition, block, admission } of unique.values()) {
            const id = JSON.stringify([partition, block]);
            expected.set(id, Math.max(expected.get(id) ?? 0, admission));
          }
          const key = coverageKey(aggregate, `${index}`);
          await store.put(key, encodeCoverageRows(encoded.flat()));
          named.push({ key, bytes: 1, entries: 1, level: 0 });
        }
        const found = new Map<string, number>();
        for await (const { partition, dataset, key, row } of readCoveredBlocks(store, named)) {
          assert.equal(dataset, "data");
          assert.ok(!found.has(JSON.stringify([partition, key])));
          found.set(JSON.stringify([partition, key]), row.admission);
        }
        assert.deepEqual(found, expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the blocks of a job", () => {
  const blocks = blocksOf(6);
  const handOn = async (setting: MasterSetting, job: string, of: readonly PlannedBlock[], remaining: number[][]) =>
    await setting.store.put(
      resolutionKey(aggregate, plan, job),
      encodeStored(resolutionOf(of, { job, remaining, handedOn: "interrupted" })),
    );
  const keysOf = async (list: JobBlocks, job: string): Promise<string | undefined> =>
    (await list.of(job))?.map(({ key }) => key).join();

  it("of the plan are the plan's, of a successor what its parent handed on, and so up to the plan", async () => {
    const setting = new MasterSetting();
    await setting.store.put(planKey(aggregate, plan), encodePlan([blocks, blocksOf(1)]));
    await handOn(setting, "000000", blocks, [[5], [1, 3, 4]]);
    await handOn(
      setting,
      "000000.2",
      [1, 3, 4].flatMap((i) => blocks[i] ?? []),
      [[2, 0]],
    );
    const list = new JobBlocks(setting.store, aggregate, plan);
    assert.equal(await keysOf(list, "000000"), "k0,k1,k2,k3,k4,k5");
    assert.equal(await keysOf(list, "000000.1"), "k5");
    assert.equal(await keysOf(list, "000000.2"), "k1,k3,k4");
    assert.equal(await keysOf(list, "000000.2.1"), "k4,k1");
    for (const none of ["000002", "000000.3", "000001.1", "000000.2.1.1"])
      assert.equal(await list.of(none), null, none);
  });

  it("of many jobs are read in one go, of a missing plan there are none", async () => {
    const setting = new MasterSetting();
    const jobs = Array.from({ length: 40 }, (_, i) => [{ key: `k${i}`, size: 1, etag: "e", partition: "p", tries: 0 }]);
    const ids = jobs.map((_, i) => String(i).padStart(6, "0"));
    assert.equal(await new JobBlocks(setting.store, aggregate, plan).of("000000"), null);
    await setting.store.put(planKey(aggregate, plan), encodePlan(jobs));
    const list = new JobBlocks(setting.store, aggregate, plan);
    await list.expect(ids);
    await setting.store.delete([planKey(aggregate, plan)]);
    for (const [index, id] of ids.entries()) assert.equal(await keysOf(list, id), `k${index}`);
  });

  it("of few jobs cost a read of the plan's end, and one for neighbours, and what was expected before is forgotten", async () => {
    const setting = new MasterSetting();
    const digits = (i: number): string => createHash("sha512").update(`${i}`).digest("hex");
    const jobs = Array.from({ length: 4_000 }, (_, i) => [
      { key: `k${i}`, size: 1, etag: digits(i), partition: "p", tries: 0 },
    ]);
    await setting.store.put(planKey(aggregate, plan), encodePlan(jobs));
    const calls: string[] = [];
    const list = new JobBlocks(
      intercepted(setting.store, (method) => void calls.push(method)),
      aggregate,
      plan,
    );
    await list.expect(["000003", "000001", "000009", "002000"]);
    assert.deepEqual(calls, ["head", "get", "get", "get"]);
    assert.equal(await keysOf(list, "000009"), "k9");
    assert.equal(await keysOf(list, "002000"), "k2000");
    assert.equal(calls.length, 4);
    await list.expect(["001000"]);
    assert.equal(await keysOf(list, "001000"), "k1000");
    assert.equal(calls.length, 5, "the plan stays open");
    assert.equal(await keysOf(list, "000009"), "k9");
    assert.equal(calls.length, 6);
  });
});
