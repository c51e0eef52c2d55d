/**
 * One flipped bit, at seeded places of blocks of each codec. Where the codec has a checksum, the block is missing and nothing
 * else changes; `.lzma` has none: it is missing, or its bad records are counted, and nothing crashes. A flip that changes
 * nothing (a time in a gzip header, a window's size in a zstd one) may decode; then the answer is the undamaged one's.
 *
 * Twice: 300 places of each codec in one attempt of a real decoder and executor, which says what is struck; and some of each in
 * a whole run, where each struck block is confirmed by an attempt of its own, and is missing then.
 */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childRunner } from "../../executor/launch/runner.ts";
import type { JobBlock, JobOutcome } from "../../executor/types.ts";
import { seeded } from "../../jobs/testing/orders.ts";
import { atEnd } from "../support/cleanup.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { makeBlocks, placeBlock, smallSource, type Codec } from "./data.ts";
import { Site } from "./site.ts";

const places = 300;
/** Of each codec. Each costs a job of its own and two attempts at it, in children of their own: about a second of a core. */
const placesOfRuns = 3;
const packed = ["lzma", "xz", "gz", "zst"] as const satisfies readonly Codec[];
const records = 2;

/** Answers how many of the damaged blocks were decoded all the same. */
function checkOutcome(
  codec: Codec,
  { reports, faults, ended, segment }: JobOutcome,
  undamaged: JobOutcome,
  damaged: number,
  whereOf: (block: number) => string,
): number {
  assert.equal(ended, null, ended?.message);
  assert.equal(reports.length + faults.length, 2 + damaged);
  assert.deepEqual(reports.slice(0, 2), undamaged.reports);
  for (const { block = 0, cause, reason } of faults) {
    assert.deepEqual([cause, reason], ["bad-input", "corrupt"], whereOf(block));
  }
  const decoded = reports.slice(2);
  if (codec === "lzma") return decoded.length;
  for (const report of decoded) {
    const same = { ...undamaged.reports[1], index: report.index };
    assert.deepEqual(report, same, `${whereOf(report.index)} gave another answer`);
  }
  assert.equal(segment?.entries, undamaged.segment?.entries, "nothing of a damaged block is counted");
  return decoded.length;
}

/** Counts records by their text, so that one wrong byte in a record is another key. */
const byText = `export default { name: "by-text", key: ["text"], merge: (a, b) => a + b,
  map(record, emit) { emit([record.text().slice(0, 1000)], 1); emit([String(record.text().length)], 1); } };`;

function flipped(bytes: Uint8Array, random: () => number): { readonly bytes: Uint8Array; readonly bit: number } {
  const bit = Math.floor(random() * bytes.length * 8);
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return { bytes: copy, bit };
}

describe("one flipped bit", function flippedBits() {
  this.timeout(400_000);
  needs("data", "xz", "gzip", "zstd");
  let root: string;
  let source: string;

  before(() => {
    root = tempDir("damage");
    source = smallSource(root);
  });

  /** Two blocks: one is left alone, of the other there are damaged copies. */
  function twoBlocks(codec: Codec): { readonly folder: string; readonly keys: readonly [string, string] } {
    const folder = join(root, `two-${codec}`);
    const [clean = "", other = ""] = makeBlocks({ folder, blocks: 2, records, codec, seed: 5, source });
    return { folder, keys: [clean, other] };
  }

  async function attempt(folder: string, keys: readonly string[]): Promise<JobOutcome> {
    const work = tempDir("damage-attempt");
    writeFileSync(join(work, "bundle.mjs"), byText);
    const blocks = keys.map((key, index): JobBlock => {
      const { size, mtimeNs } = statSync(join(folder, key), { bigint: true });
      return { index, key, size: Number(size), etag: `${size}-${mtimeNs}`, dimensions: {}, partition: "p" };
    });
    const runner = childRunner({ scratch: join(work, "scratch") });
    const task = {
      attempt: "0".repeat(16),
      bundle: { sha256: "0".repeat(64), path: join(work, "bundle.mjs"), params: {}, inputs: [] },
      records: "telemetry",
      columns: 1,
      publishBy: 0,
      blocks,
      limits: {
        heapBytesMax: 512 * 2 ** 20,
        rssBytesMax: 2 ** 30,
        stallMs: 60_000,
        attemptMs: 120_000,
        checkpointStateBytes: 64 * 2 ** 20,
        checkpointMs: 30_000,
      },
    };
    atEnd(async () => await runner.release(task.attempt));
    return await runner.run(task, {
      lend: (block) => Promise.resolve({ kind: "path", path: join(folder, block.key) }),
      progress: () => undefined,
      stop: new AbortController().signal,
    });
  }

  for (const codec of packed) {
    it(`in any of ${places} places of a .${codec} block costs that block alone`, async () => {
      const { folder, keys } = twoBlocks(codec);
      const [clean, other] = keys;
      const bytes = readFileSync(join(folder, other));
      const random = seeded(1);
      const undamaged = await attempt(folder, keys);
      const damaged = Array.from({ length: places }, () => flipped(bytes, random));
      const names = damaged.map((copy, i) => {
        placeBlock(folder, `damaged-${i}.${codec}`, copy.bytes);
        return `damaged-${i}.${codec}`;
      });
      const outcome = await attempt(folder, [clean, other, ...names]);
      const whereOf = (block: number): string => `bit ${damaged[block - 2]?.bit} of ${codec}`;
      const decoded = checkOutcome(codec, outcome, undamaged, places, whereOf);
      assert.ok(codec === "lzma" || decoded <= places / 10, `${decoded} flips of ${codec} went unnoticed`);
    });
  }

  it(`in a run, ${placesOfRuns} places of each codec: they are missing, and the others' answer is unchanged`, async () => {
    const site = new Site(tempDir("damage-run"));
    const folder = join(site.folder, "blocks");
    const args = ["--layout", "{name}", "--records", "telemetry", "--by", "$.info.OS,$.info.version,$.info.arch"];
    const command = ["counts", "--data", folder, ...args, "--slots", "2"];
    const clean = packed.map((codec) => {
      const two = twoBlocks(codec);
      placeBlock(folder, `clean.${codec}`, readFileSync(join(two.folder, two.keys[0])));
      return { codec, bytes: readFileSync(join(two.folder, two.keys[1])) };
    });
    const before = await site.runWhole([...command, "--out", "before"]);
    const random = seeded(2);
    for (const { codec, bytes } of clean) {
      for (let i = 0; i < placesOfRuns; i++) placeBlock(folder, `x${i}.${codec}`, flipped(bytes, random).bytes);
    }
    const end = await site.run([...command, "--out", "after"]);
    const { missing, covered, selected } = end.json.blocks;
    assert.equal(end.code, 3, end.stderr);
    assert.equal(covered + missing.length, selected);
    assert.equal(selected, packed.length * (1 + placesOfRuns));
    for (const { key, reason } of missing) {
      assert.match(key, /^x/);
      if (key.endsWith(".lzma")) assert.match(reason, /^(?:corrupt|no-record-accepted)$/);
      else assert.equal(reason, "corrupt");
    }
    assert.equal(before.json.blocks.covered, packed.length);
  });
});
