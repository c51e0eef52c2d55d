/** The master's executors, in process: the real merge over segments in memory; a render that writes what it is given. */
import type { LoadedAnalysis } from "../../executor/core/load.ts";
import { combineOf } from "../../executor/core/merge.ts";
import { RunWriter } from "../../executor/core/runs.ts";
import type {
  AttemptSegment,
  MergeTask,
  Rendered,
  RenderedUnit,
  RenderTask,
  SegmentSlice,
} from "../../executor/types.ts";
import type { Key } from "../../jobs/analysis.ts";
import type { MergingExecutors } from "../../master/context.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { readAll } from "../../shared/read-all.ts";
import type { EntryCursor } from "../../shared/segment/entry.ts";
import { keyOf, valueOf } from "../../shared/segment/entry.ts";
import { decodeKey, prefixRange } from "../../shared/segment/key.ts";
import { MergeCursor } from "../../shared/segment/merge.ts";
import { syncMemorySource } from "../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import { describedBy } from "../../master/passes/page.ts";
import type { SimProcess } from "./process.ts";

/** Virtual time that a child takes. */
const childMsMean = 300;

export class SimExecutors implements MergingExecutors {
  readonly #process: SimProcess;
  readonly #loaded: LoadedAnalysis;
  readonly #files = new Map<string, Uint8Array>();
  #number = 0;

  constructor(process: SimProcess, loaded: LoadedAnalysis) {
    this.#process = process;
    this.#loaded = loaded;
  }

  async merge(task: MergeTask): Promise<AttemptSegment & { release(): Promise<void> }> {
    await this.#child("executor.merge");
    const chunks: Uint8Array[] = [];
    const scratch = {
      create: () => ({ write: (bytes: Uint8Array) => void chunks.push(bytes.slice()), close: () => {} }),
      open: () => {
        throw new Error("a merge in the simulator has one pass");
      },
    };
    const { columns, publishBy } = task;
    const writer = new RunWriter("merged", { columns, publishBy, scratch, beat: () => {} });
    const cursor = new MergeCursor(await cursorsOf(task.slices), combineOf(this.#loaded, true));
    while (cursor.next()) writer.addFrom(cursor);
    const info = writer.finish();
    const path = this.#keep(Buffer.concat(chunks));
    return {
      entries: info?.entries ?? 0,
      bytes: info?.bytes ?? 0,
      rawBytes: info?.rawBytes ?? 0,
      firstKey: Buffer.from(info?.firstKey ?? ""),
      lastKey: Buffer.from(info?.lastKey ?? ""),
      partitions: info?.partitions ?? [],
      units: info?.units ?? [],
      path,
      release: async () => void this.#files.delete(path),
    };
  }

  async render(task: RenderTask): Promise<Rendered> {
    await this.#child("executor.render");
    const units: RenderedUnit[] = [];
    for (const { unit, suffix } of task.units) units.push(await this.#render(task, unit, suffix));
    return { units, release: async () => {} };
  }

  async #render(task: RenderTask, unit: Key, suffix: string): Promise<RenderedUnit> {
    const totals = new Map<string, number>();
    for (const cursor of await cursorsOf(task.slices)) {
      while (cursor.next()) {
        const [, ...columns] = decodeKey(keyOf(cursor));
        if (columns[0] !== unit[0]) continue;
        const name = columns.join("\t");
        totals.set(name, (totals.get(name) ?? 0) + Number(Buffer.from(valueOf(cursor)).toString()));
      }
    }
    const lines = [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}\t${value}\n`);
    const bytes = Buffer.from(lines.join(""));
    const label = unit.join("/");
    return {
      label,
      folder: `${task.stamp}-${label}-${suffix}`,
      files: [
        { name: "data.tsv", bytes: bytes.length, read: async () => bytes },
        { name: describedBy, bytes: 2, read: async () => Buffer.from("{}") },
      ],
      notes: {},
      entries: totals.size,
    };
  }

  async *readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    yield this.#files.get(path) ?? Buffer.alloc(0);
  }

  async #child(label: string): Promise<void> {
    await this.#process.call(label, () => {});
    await this.#process.clock.sleep(this.#process.kernel.rng.latency(childMsMean));
  }

  #keep(bytes: Uint8Array): string {
    const path = `file${this.#number++}`;
    this.#files.set(path, bytes);
    return path;
  }
}

/** Each segment is read once, as by the real ones. */
async function cursorsOf(slices: readonly SegmentSlice[]): Promise<EntryCursor[]> {
  const segments = new Map<string, Uint8Array>();
  for (const { store, key } of slices) {
    if (segments.has(key)) continue;
    const blob = await readAll(store, key);
    if (blob === null) throw new SpotfoldError("absent", `${store.name} has no ${key}`);
    segments.set(key, blob.bytes);
  }
  return slices.map(({ key, partition }) => {
    const source = syncMemorySource(segments.get(key) ?? new Uint8Array());
    return SyncSegmentReader.open(source).cursor(prefixRange([partition]));
  });
}
