/** Plans: what is written is read, by one job or by all, in few requests. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { codeOf } from "../../shared/errors.ts";
import {
  blockListBytes,
  blocksDigest,
  decodeBlocks,
  encodeBlocks,
  type PlannedBlock,
} from "../../shared/formats/plan.ts";
import { jobId, jobsPerPlanMax, planKey } from "../../shared/names.ts";
import { encodePlan, readJobBlocks, readPlan } from "../../shared/plan-file.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { ManualClock } from "../support/manual-clock.ts";

const anyBlock: fc.Arbitrary<PlannedBlock> = fc.record(
  {
    key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
    size: fc.nat(),
    etag: fc.string(),
    partition: fc.string(),
    tries: fc.nat(9),
  },
  { noNullPrototype: true },
);
const plan = "r.0123456789ab";

async function storeOf(jobs: readonly (readonly PlannedBlock[])[]): Promise<BlobStore> {
  const store = new MemoryBlobStore({ clock: new ManualClock() });
  await store.put(planKey("a", plan), encodePlan(jobs));
  return store;
}

describe("a plan", () => {
  it("gives back each job's blocks, one by one and all in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyBlock, { minLength: 1, maxLength: 5 }), { maxLength: 20 }),
        async (jobs) => {
          const store = await storeOf(jobs);
          const read: PlannedBlock[][] = [];
          for await (const { job, blocks } of readPlan(store, "a", plan)) {
            assert.equal(job, jobId(read.length));
            read.push(blocks);
          }
          assert.deepEqual(read, jobs);
          for (const [index, blocks] of jobs.entries()) {
            assert.deepEqual(await readJobBlocks(store, "a", plan, jobId(index)), blocks);
          }
          assert.equal(await readJobBlocks(store, "a", plan, jobId(jobs.length)), null);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("that is not there has no jobs", async () => {
    const store = new MemoryBlobStore({ clock: new ManualClock() });
    assert.equal(await readJobBlocks(store, "a", plan, "000000"), null);
    assert.equal((await readPlan(store, "a", plan).next()).done, true);
  });

  it("knows no successors: their lists stand in resolutions", async () => {
    const store = await storeOf([[{ key: "k", size: 1, etag: "e", partition: "p", tries: 0 }]]);
    assert.equal(await readJobBlocks(store, "a", plan, "000000.1"), null);
  });

  it("of ten thousand jobs is read for one of them by range", async () => {
    const jobs = Array.from({ length: 10_000 }, (_, i) => [
      { key: `block-${i}`, size: i, etag: createHash("sha256").update(`${i}`).digest("hex"), partition: "p", tries: 0 },
    ]);
    const store = await storeOf(jobs);
    let bytes = 0;
    let gets = 0;
    const counting: BlobStore = Object.create(store, {
      get: {
        value: async (...args: Parameters<BlobStore["get"]>) => {
          gets++;
          bytes += (args[1]?.range?.end ?? 0) - (args[1]?.range?.start ?? 0);
          return await store.get(...args);
        },
      },
      head: { value: async (key: string) => await store.head(key) },
    }) as BlobStore;
    assert.deepEqual(await readJobBlocks(counting, "a", plan, "004711"), jobs[4711]);
    const size = (await store.head(planKey("a", plan)))?.size ?? 0;
    assert.ok(gets <= 3, `${gets} reads`);
    assert.ok(bytes < size / 2, `${bytes} of ${size} bytes`);
  });

  it("has no more jobs than ids have digits for", () => {
    const jobs = Array<PlannedBlock[]>(jobsPerPlanMax + 1);
    assert.throws(
      () => encodePlan(jobs),
      (error) => codeOf(error) === "limit",
    );
  });
});

describe("a list of blocks", () => {
  it("survives encoding, and its digest tells it from any other", () => {
    fc.assert(
      fc.property(fc.array(anyBlock), fc.array(anyBlock), (a, b) => {
        assert.deepEqual(decodeBlocks(encodeBlocks(a)), a);
        assert.match(blocksDigest(a), /^[0-9a-f]{16}$/);
        assert.equal(blocksDigest(a) === blocksDigest(b), encodeBlocks(a) === encodeBlocks(b));
      }),
    );
  });

  it("has as many bytes as its rows say, but for the brackets", () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1 }), (blocks) => {
        const sum = blocks.reduce((bytes, block) => bytes + blockListBytes(block), 0);
        assert.equal(Buffer.byteLength(encodeBlocks(blocks)), sum + 1);
      }),
    );
  });

  for (const text of ["{}", '[["k",1,"e","p"]]', '[["k","1","e","p",0]]', '[["k",1,"e","p",0,0]]', "[null]"]) {
    it(`is not ${text}`, () => {
      assert.throws(
        () => decodeBlocks(text),
        (error) => codeOf(error) === "invalid-format",
      );
    });
  }
});
