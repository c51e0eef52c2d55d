/** Merging of many sorted inputs, as compaction does it: held equal to a plain fold into a map. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { chained } from "../../../executor/core/chains.ts";
import { sliceInput } from "../../../executor/core/entries.ts";
import { loadAnalysis } from "../../../executor/core/load.ts";
import type { LoadedAnalysis } from "../../../executor/core/load.ts";
import { combineOf, withMerged, writeAll } from "../../../executor/core/merge.ts";
import type { MergeInput, MergeShape } from "../../../executor/core/merge.ts";
import type { RunInfo } from "../../../executor/core/runs.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { decodeValue, encodeValue, mergeValues } from "../../../jobs/histograms/value.ts";
import { MergeCursor } from "../../../shared/segment/merge.ts";
import { SUFFIX_BYTES } from "../../../shared/segment/open.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import type { OpenFile, SyncSegmentSource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { makeSegment, readAll, seeded, sorted } from "../../shared/segment/make.ts";
import type { Pair } from "../../shared/segment/make.ts";

const partition = "20260101";
const restColumns = "\t".repeat(7);

/** A key of the histogram aggregate with this in its measure's place. */
function keyOf(name: string, unit: string): string {
  return `${partition}\tnightly\t${unit}\t${name}\tx${restColumns}`;
}

const loaded = loadAnalysis({ default: histograms }, {}, [], () => new Uint8Array());
/** The same without the fast way. */
const slow = { ...histograms, mergeEncoded: () => null };
const loadedSlow = loadAnalysis({ default: slow }, {}, [], () => new Uint8Array());

class Inputs {
  opened = 0;
  openedMost = 0;
  readonly segments: readonly Uint8Array[];

  constructor(outputs: readonly (readonly Pair[])[], frameBytes: number) {
    this.segments = outputs.map((output) => makeSegment(output, { columns: 12, frameBytes }));
  }

  get inputs(): MergeInput[] {
    return this.segments.map((bytes) => sliceInput({ partition, open: () => this.#counted(bytes) }, false, []));
  }

  #counted(bytes: Uint8Array): SyncSegmentSource & OpenFile {
    this.openedMost = Math.max(this.openedMost, ++this.opened);
    const source = syncMemorySource(bytes);
    let isOpen = true;
    return {
      size: source.size,
      read(start, end) {
        assert.ok(isOpen, "what is closed is not read");
        return source.read(start, end);
      },
      close: () => {
        isOpen = false;
        this.opened--;
      },
    };
  }
}

/** The product's merge. */
function merged(inputs: Inputs, analysis: LoadedAnalysis): { run: RunInfo | null; pairs: Pair[] } {
  const files = new Map<string, Uint8Array[]>();
  const shape: MergeShape = {
    columns: 11,
    publishBy: 2,
    prefix: "merge",
    beat: () => undefined,
    scratch: {
      create(name) {
        const pieces: Uint8Array[] = [];
        files.set(name, pieces);
        return { write: (bytes) => void pieces.push(Buffer.from(bytes)), close: () => undefined };
      },
      open: (name) => ({ ...syncMemorySource(Buffer.concat(files.get(name) ?? [])), close: () => undefined }),
    },
  };
  const run = withMerged(inputs.inputs, combineOf(analysis, true), shape, (cursor) => writeAll(cursor, "all", shape));
  const bytes = Buffer.concat(files.get("all") ?? []);
  return { run, pairs: run === null ? [] : readAll(SyncSegmentReader.open(syncMemorySource(bytes)).cursor()) };
}

/** The plainest fold. */
function folded(outputs: readonly (readonly Pair[])[]): Pair[] {
  const values = new Map<string, string>();
  for (const [key, value] of outputs.flat()) {
    const before = values.get(key);
    values.set(
      key,
      before === undefined ? value : encodeValue(mergeValues(decodeValue(before), decodeValue(value), key.split("\t"))),
    );
  }
  return sorted([...values]);
}

/**
 * Outputs of `count` jobs: of all keys, of a piece that meets its neighbours' a little, or in one key (the last of the one is the
 * first of the other), or of one of their own.
 */
type Spread = "same" | "near" | "touching" | "apart";

function outputsOf(count: number, spread: Spread, entries: number, seed: number): Pair[][] {
  const random = seeded(seed);
  const steps = { same: 0, near: Math.ceil(entries / 2), touching: Math.max(1, entries - 1), apart: entries };
  return Array.from({ length: count }, (_, job) => {
    const first = job * steps[spread];
    return sorted(
      Array.from({ length: entries }, (__, i): Pair => {
        const name = String(first + i).padStart(6, "0");
        const value = [Math.floor(random() * 100), random() < 0.3 ? null : random() * 1_000, 1];
        return [keyOf(name, String(Math.floor((first + i) / 100))), encodeValue(value)];
      }),
    );
  });
}

describe("a merge of outputs", () => {
  it("is what a fold into a map gives, however many there are and however they meet", () => {
    const drawn = fc.tuple(
      fc.constantFrom(0, 1, 2, 40, 257, 300, 400),
      fc.constantFrom<Spread>("same", "near", "touching", "apart"),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(50, 400, 100_000),
      fc.nat(),
    );
    fc.assert(
      fc.property(drawn, ([count, spread, entries, frameBytes, seed]) => {
        const outputs = outputsOf(count, spread, entries, seed);
        const inputs = new Inputs(outputs, frameBytes);
        const expected = folded(outputs);
        const { run, pairs } = merged(inputs, loaded);
        assert.deepEqual(pairs, expected);
        assert.deepEqual(merged(inputs, loadedSlow).pairs, expected);
        assert.equal(run?.entries ?? 0, expected.length);
        const units = new Set(expected.map(([key]) => key.split("\t").slice(1, 3).join("\t")));
        assert.deepEqual(run?.units ?? [], [...units].toSorted());
        assert.deepEqual(run?.partitions ?? [], expected.length === 0 ? [] : [partition]);
        assert.equal(inputs.opened, 0, "all are closed");
        assert.ok(inputs.openedMost <= 257, `${inputs.openedMost} open at once`);
        // Few meet: neighbours, and those whose keys go over from unit 1 to 2 or 9 to 10, between which others sort.
        if (spread !== "same" && count > 256) assert.ok(inputs.openedMost <= 12, `${inputs.openedMost} open at once`);
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it("passes frames of chained outputs on while they are open", () => {
    const random = seeded(5);
    const value = encodeValue(Array.from({ length: 9_000 }, () => random() * 1_000));
    const outputs = Array.from({ length: 258 }, (_, i): Pair[] => [[keyOf(String(i).padStart(4, "0"), "41"), value]]);
    const inputs = new Inputs(outputs, 256 * 1024);
    // Larger than what is read at once, whole, when one is opened.
    assert.ok((inputs.segments[0]?.length ?? 0) > SUFFIX_BYTES);
    assert.deepEqual(merged(inputs, loaded).pairs, outputs.flat());
    assert.ok(inputs.openedMost <= 2);
  }).timeout(20_000);

  it("closes what it opened when an analysis throws", () => {
    const outputs = outputsOf(300, "near", 4, 1);
    const inputs = new Inputs(outputs, 100);
    const { analysis } = loadedSlow;
    const throwing: LoadedAnalysis = {
      ...loadedSlow,
      analysis: {
        ...analysis,
        merge: () => {
          throw new Error("no");
        },
      },
    };
    assert.throws(() => merged(inputs, throwing), { code: "analysis-failed" });
    assert.equal(inputs.opened, 0);
  });
});

describe("chains of inputs", () => {
  it("are not looked for among slices without their partition", () => {
    let opened = 0;
    const [bytes] = new Inputs(outputsOf(1, "apart", 3, 1), 1_000).segments;
    const open = (): ReturnType<typeof syncMemorySource> & { close(): void } => {
      opened++;
      return { ...syncMemorySource(bytes ?? new Uint8Array(0)), close: () => undefined };
    };
    const inputs = Array.from({ length: 20 }, () => sliceInput({ partition, open }, true, []));
    assert.equal(chained(inputs, 4), null);
    assert.equal(opened, 0);
  });

  it("are as many as ranges lie over each other, or none when that is too many", () => {
    const chainsOf = (outputs: Pair[][], most: number): number | undefined => {
      const inputs = new Inputs(outputs, 1_000);
      const chains = chained(inputs.inputs, most);
      if (chains === null) return undefined;
      const opened = chains.map((chain) => chain.open());
      const cursor = new MergeCursor(
        opened.map((input) => input.cursor),
        combineOf(loaded, true),
      );
      assert.deepEqual(readAll(cursor), folded(outputs));
      for (const input of opened) input.close();
      assert.equal(inputs.opened, 0);
      return chains.length;
    };
    assert.equal(chainsOf(outputsOf(50, "apart", 3, 1).toReversed(), 4), 1);
    assert.equal(chainsOf(outputsOf(50, "near", 4, 1), 4), 2);
    assert.equal(chainsOf(outputsOf(50, "touching", 4, 1), 4), 2);
    assert.equal(chainsOf(outputsOf(5, "same", 3, 1), 4), undefined);
    assert.equal(chainsOf(outputsOf(50, "same", 3, 1), 4), undefined);
    assert.equal(chainsOf([[], ...outputsOf(3, "same", 3, 1), []], 4), 3);
  });
});
