/**
 * Compaction: many small segments of one partition become one larger one. It is a commit like any other and changes no
 * answer. Segments have levels; when a level of a partition is full, its slices are merged into one of the next level, so that
 * a row is rewritten a logarithmic number of times.
 */
import { codeOf, isEnvironmental, messageOf } from "../../shared/errors.ts";
import type { CoverageSegment, DataSegment, Manifest } from "../../shared/formats/ledger.ts";
import { coverageKey, dataKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";
import type { MasterContext } from "../context.ts";
import { readCoverage } from "../coverage.ts";
import type { Stuck } from "./stuck.ts";
import { encodeCoverage } from "../../shared/formats/coverage.ts";

/** Outputs of attempts in a partition that are merged into one: a manifest names few of them. */
const outputsMax = 8;

/** Merged segments of one level that make one of the next: each byte is rewritten once in sixteen-fold growth. */
const mergedMax = 16;

/** Coverage segments of one level that make one of the next: whoever plans reads all of them at once. */
export const coverageSlicesMax = 8;

/**
 * Slices of one merge: starting a child for each few costs more than merging them. It opens at most 256 at once, and merges more
 * in passes; a slice is a file that the child is told of in its arguments, and those of a process have 1 MB on macOS.
 */
export const mergeSlicesMax = 2_048;

/** Beyond so many slices a merge takes more only up to `mergeBytesMax`. */
const mergeSlicesMin = 256;

/** Compressed: what a bucket's segments take on the master's disk while they are merged. */
const mergeBytesMax = 2 ** 30;

/** Coverage is merged in this process, which reads up to 1 MiB of each at once. */
const coverageFanInMax = 32;

export interface CompactOptions {
  /** Asked after each merge: true ends the pass, though more may be due. */
  readonly isOver?: () => boolean;
  /** Partitions that cannot be merged, and why: the caller keeps it between passes, so that each is said once. */
  readonly stuck?: Map<string, Stuck>;
}

/** Merges what is due, one merge at a time. Answers the number of merges. */
export async function compactPass(
  context: MasterContext,
  aggregate: string,
  { isOver = () => false, stuck: said = new Map() }: CompactOptions = {},
): Promise<number> {
  let merges = 0;
  const stuck = new Set<string>();
  while (merges === 0 || !isOver()) {
    const { manifest } = await context.ledger.read(aggregate);
    if (manifest === null) break;
    const coverage = coverageDue(manifest);
    if (coverage !== null) {
      await compactCoverage(context, aggregate, coverage);
      merges++;
      continue;
    }
    const due = dataDue(manifest, stuck);
    if (due === null) break;
    try {
      await compactData(context, aggregate, manifest, due);
      said.delete(due.partition);
      merges++;
    } catch (error) {
      // What is wrong with the stores or this machine says nothing about a partition.
      const code = codeOf(error);
      if (isEnvironmental(code) || code === "store-unavailable") throw error;
      // A `merge` that throws stops this partition, not the others: what is entered stays safe.
      stuck.add(due.partition);
      const { partition } = due;
      const message = messageOf(error);
      const before = said.get(partition);
      if (before?.message !== message) context.log({ event: "partition-stuck", aggregate, partition, message });
      said.set(partition, { message, tries: (before?.tries ?? 0) + 1 });
    }
  }
  return merges;
}

export interface Due {
  readonly partition: string;
  readonly level: number;
  readonly segments: readonly DataSegment[];
}

/** So many slices of a level are merged. */
export function levelSlicesMax(level: number): number {
  return level === 0 ? outputsMax : mergedMax;
}

/** The level of so many merged slices: as if they had been merged one level at a time. */
export function levelAfter(level: number, slices: number): number {
  let after = level;
  for (let left = slices; after === level || left >= levelSlicesMax(after); after++) {
    left = Math.floor(left / levelSlicesMax(after));
  }
  return after;
}

/** The partition and level with the most slices of those that are full; pure. */
export function dataDue(manifest: Manifest, stuck: ReadonlySet<string>): Due | null {
  const levels = new Map<string, DataSegment[]>();
  for (const segment of manifest.data) {
    for (const partition of segment.partitions) {
      if (stuck.has(partition)) continue;
      const id = `${segment.level} ${partition}`;
      const list = levels.get(id);
      if (list === undefined) levels.set(id, [segment]);
      else list.push(segment);
    }
  }
  let due: Due | null = null;
  for (const [id, segments] of levels) {
    const space = id.indexOf(" ");
    const level = Number(id.slice(0, space));
    if (segments.length < levelSlicesMax(level) || segments.length <= (due?.segments.length ?? 0)) continue;
    due = { partition: id.slice(space + 1), level, segments };
  }
  return due === null ? null : { ...due, segments: atOnce(due.segments) };
}

/** The first of them, as many as one merge takes. */
function atOnce(segments: readonly DataSegment[]): readonly DataSegment[] {
  let bytes = 0;
  const end = segments.findIndex((segment, index) => {
    bytes += segment.bytes;
    return index >= mergeSlicesMax || (index >= mergeSlicesMin && bytes > mergeBytesMax);
  });
  return end < 0 ? segments : segments.slice(0, end);
}

function coverageDue(manifest: Manifest): readonly CoverageSegment[] | null {
  const levels = Map.groupBy(manifest.coverage, (segment) => segment.level);
  for (const segments of levels.values())
    if (segments.length >= coverageSlicesMax) return segments.slice(0, coverageFanInMax);
  return null;
}

async function compactData(context: MasterContext, aggregate: string, manifest: Manifest, due: Due): Promise<void> {
  const { renderer } = manifest;
  const { partition, segments, level } = due;
  const slices = segments.map(({ key, bytes }) => ({ store: context.store, key, size: bytes, partition }));
  const bundle = await context.bundleOf(renderer);
  const task = { bundle, columns: renderer.columns, publishBy: renderer.publishBy, slices };
  const merged = await context.executors.merge(task);
  try {
    const upload = async (): Promise<DataSegment | null> => {
      if (merged.entries === 0) return null;
      const key = dataKey(aggregate, context.random.hex(16));
      await context.store.put(key, context.readFile(merged.path));
      return {
        key,
        bytes: merged.bytes,
        entries: merged.entries,
        level: levelAfter(level, segments.length),
        partitions: [partition],
      };
    };
    await commitOutput(context, aggregate, manifest.epoch, upload, (base, output) =>
      context.rules.replaceSlices(
        base,
        partition,
        segments.map(({ key }) => key),
        output,
      ),
    );
  } finally {
    await merged.release();
  }
  context.log({ event: "compacted", aggregate, what: "data", inputs: segments.length });
}

/**
 * The level of coverage with so many rows: as high as if they had come one by one. So what covers much is not written again
 * because of some that cover little.
 */
export function coverageLevelOf(rows: number): number {
  let level = 0;
  for (let left = rows; left >= coverageSlicesMax; left = Math.floor(left / coverageSlicesMax)) level++;
  return level;
}

async function compactCoverage(
  context: MasterContext,
  aggregate: string,
  segments: readonly CoverageSegment[],
): Promise<void> {
  const before = Math.max(...segments.map((segment) => segment.level));
  const upload = async (): Promise<CoverageSegment> => {
    const key = coverageKey(aggregate, context.random.hex(16));
    const merged = mergedCoverage(context.store, segments);
    await context.store.put(key, merged.body);
    const summary = merged.summary();
    return { key, ...summary, level: Math.max(before + 1, coverageLevelOf(summary.entries)) };
  };
  const { head } = await context.ledger.read(aggregate);
  await commitOutput(context, aggregate, head?.epoch ?? 0, upload, (base, output) =>
    context.rules.replaceCoverage(
      base,
      segments.map(({ key }) => key),
      output,
    ),
  );
  context.log({ event: "compacted", aggregate, what: "coverage", inputs: segments.length });
}

/** The merged segment as it is written: it has a row for every block of the aggregate, and is held nowhere as a whole. */
function mergedCoverage(
  store: BlobStore,
  segments: readonly CoverageSegment[],
): { readonly body: AsyncIterable<Uint8Array>; readonly summary: () => { entries: number; bytes: number } } {
  const chunks: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => chunks.push(bytes), { columns: 3, kind: "coverage" });
  let size = { entries: 0, bytes: 0 };
  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const { key, row } of readCoverage(store, segments)) {
      writer.add(key, Buffer.from(encodeCoverage(row), "utf8"));
      yield* chunks.splice(0);
    }
    const { entries, bytes } = writer.finish();
    size = { entries, bytes };
    yield* chunks.splice(0);
  }
  return { body: body(), summary: () => size };
}

/** Commits an uploaded output. Under a new epoch the upload is made again: the first one may be marked as garbage. */
async function commitOutput<T>(
  context: MasterContext,
  aggregate: string,
  epoch: number,
  upload: () => Promise<T>,
  apply: (base: Manifest, output: T) => ReturnType<MasterContext["rules"]["replaceSlices"]>,
): Promise<void> {
  let written = { epoch, output: await upload() };
  await context.ledger.commit(aggregate, async (base) => {
    if (base.manifest === null) return { manifest: null, result: null };
    if (written.epoch !== base.manifest.epoch) written = { epoch: base.manifest.epoch, output: await upload() };
    const outcome = apply(base.manifest, written.output);
    return { manifest: outcome.outcome === "changed" ? outcome.manifest : null, result: null };
  });
}
