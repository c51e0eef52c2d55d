/**
 * Merging sorted inputs with the analysis' own `merge`. A value passes through as bytes where one input has the key. More
 * inputs than may be open at a time are merged in passes, through runs in the scratch place.
 *
 * A throw of user code becomes `analysis-failed` that names the key in hand; whose value is to blame is not guessed.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import type { EntryCursor } from "../../shared/segment/entry.ts";
import { decodeKey } from "../../shared/segment/key.ts";
import { MergeCursor } from "../../shared/segment/merge.ts";
import type { Combine, ValueList } from "../../shared/segment/merge.ts";
import { FAN_IN_MAX, planMerge } from "../../shared/segment/merge-plan.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import { chained } from "./chains.ts";
import type { Bounds } from "./chains.ts";
import { describeThrow, Struck } from "./faults.ts";
import type { LoadedAnalysis } from "./load.ts";
import { RunWriter } from "./runs.ts";
import type { RunInfo, RunShape } from "./runs.ts";
import { decodeValueOf, encodeValueOf } from "./values.ts";

/** A sorted input: opened when its pass begins, closed when it ends. */
export interface MergeInput {
  open(): OpenInput;
  /** What its keys lie between, by a look at its index; null: it has no entries. Without it, it cannot be chained. */
  bounds?(): Bounds | null;
}

export interface OpenInput {
  readonly cursor: EntryCursor;
  close(): void;
}

/** `partitioned`: the first column of the keys is the partition, which user code does not see. */
export function combineOf({ analysis }: LoadedAnalysis, partitioned: boolean): Combine {
  const encode = encodeValueOf(analysis);
  const decode = decodeValueOf(analysis);
  return (keyBytes, values) => {
    try {
      const fast: unknown = analysis.mergeEncoded?.(values);
      if (fast instanceof Uint8Array) return fast;
      const key = partitioned ? decodeKey(keyBytes).slice(1) : decodeKey(keyBytes);
      let merged = decode(textOf(values, 0));
      for (let i = 1; i < values.count; i++) merged = analysis.merge(merged, decode(textOf(values, i)), key);
      return Buffer.from(encode(merged));
    } catch (error) {
      throw failedAt("merge", asBuffer(keyBytes).toString(), error);
    }
  };
}

/** What is not user code's doing, although it passes through it: damaged inputs, bugs of ours. */
const notTheirs: ReadonlySet<string> = new Set(["corrupt", "invalid-format", "internal"]);

/** User code threw; `key` is encoded. What is not its doing stays what it is. */
export function failedAt(what: string, key: string, error: unknown): Error {
  if (error instanceof Struck || (error instanceof SpotfoldError && notTheirs.has(error.code))) return error;
  const message = `\`${what}\` threw at the key ${JSON.stringify(key)}: ${describeThrow(error)}`;
  return new SpotfoldError("analysis-failed", message, { context: { key }, cause: error });
}

export interface MergeShape extends RunShape {
  /** Distinguishes the runs of this merge from others in the scratch place. */
  readonly prefix: string;
}

/** All inputs as one cursor over whole segment keys, while `use` runs. */
export function withMerged<T>(
  inputs: readonly MergeInput[],
  combine: Combine,
  shape: MergeShape,
  use: (cursor: MergeCursor) => T,
): T {
  let items = inputs.length > FAN_IN_MAX ? (chained(inputs, FAN_IN_MAX) ?? [...inputs]) : [...inputs];
  const passes = planMerge(items.length);
  for (const [number, groups] of passes.slice(0, -1).entries()) {
    items = groups.map(({ start, end }) => {
      const group = items.slice(start, end);
      if (group.length === 1) return group[0] as MergeInput;
      return mergePass(group, combine, shape, `${shape.prefix}-${number}-${start}`);
    });
  }
  return withOpen(items, combine, use);
}

/** Merges runs of one attempt into one. */
export function mergeRuns(names: readonly string[], loaded: LoadedAnalysis, shape: MergeShape): RunInfo {
  const inputs = names.map((name) => runInput(name, shape));
  const run = withMerged(inputs, combineOf(loaded, true), shape, (cursor) =>
    writeAll(cursor, `${shape.prefix}-all`, shape),
  );
  if (run === null) throw new SpotfoldError("internal", "runs without entries were merged");
  return run;
}

/** Writes what is left of a merge as one run; null when there is nothing. Frames that stand alone in their range are passed on. */
export function writeAll(cursor: MergeCursor, name: string, shape: RunShape): RunInfo | null {
  const writer = new RunWriter(name, shape);
  for (;;) {
    const frame = cursor.takeFrame();
    if (frame !== null) writer.addFrame(frame);
    else if (cursor.next()) writer.addFrom(cursor);
    else return writer.finish();
  }
}

function mergePass(group: readonly MergeInput[], combine: Combine, shape: MergeShape, name: string): MergeInput {
  withOpen(group, combine, (cursor) => writeAll(cursor, name, shape));
  return runInput(name, shape);
}

function withOpen<T>(inputs: readonly MergeInput[], combine: Combine, use: (cursor: MergeCursor) => T): T {
  const opened: OpenInput[] = [];
  try {
    for (const input of inputs) opened.push(input.open());
    return use(
      new MergeCursor(
        opened.map((input) => input.cursor),
        combine,
      ),
    );
  } finally {
    for (const input of opened) input.close();
  }
}

function runInput(name: string, { scratch }: RunShape): MergeInput {
  return {
    open() {
      const source = scratch.open(name);
      return { cursor: SyncSegmentReader.open(source).cursor(), close: () => source.close() };
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function textOf(values: ValueList, index: number): string {
  return asBuffer(values.bytes(index)).toString("utf8", values.start(index), values.end(index));
}
