/**
 * The synchronous core of an attempt: bytes of blocks in, pairs out in key order. Real children and the simulator use this one.
 *
 *   beginBlock -> chunk ... chunk -> endBlock (a report)        any number of blocks, one after the other
 *   drain at any time: all pairs so far, sorted, to a writer; the state is empty afterwards
 *
 * What user code may do to a record, and what follows:
 * - `map` throws: nothing of the record takes effect; it is rejected (`map-threw`, or the reason of `InvalidRecord`).
 * - `add` throws `InvalidRecord`: rejected. Anything else: the state may be half changed, so the whole execution is over
 *   (`Struck`, naming block and record); it is done again from the checkpoint with that record left out.
 * - `merge` throws while a record's pairs are combined: over, naming the block. In draining: over, naming no block.
 * After `Struck` an execution is thrown away.
 */
import type { Accumulator, Key, RecordView } from "../../jobs/analysis.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { recordFormat } from "../../shared/records/format.ts";
import type { RecordFormat } from "../../shared/records/format.ts";
import { RecordSplitter } from "../../shared/records/splitter.ts";
import type { EntryPlace } from "../../shared/segment/entry.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import type { BlockReport, JobBlock } from "../types.ts";
import type { LeftOut } from "./attempt-state.ts";
import { describeRejection, describeThrow, rejectionReason, Struck } from "./faults.ts";
import { DrainedPairs } from "./drained-pairs.ts";
import { mustBeOver } from "./must-be-over.ts";
import type { LoadedAnalysis } from "./load.ts";
import { PairMap } from "./pair-map.ts";
import { RecordPairs } from "./record-pairs.ts";
import { Rejections } from "./rejections.ts";
import type { LogSink } from "./rejections.ts";
import { encodeValueOf } from "./values.ts";

/** Where drained pairs go: a `SegmentWriter`. Keys begin with the partition. */
export interface PairWriter {
  addText(key: string, value: string): void;
  /** The entry that lies there; copied. */
  addFrom(entry: EntryPlace): void;
}

export interface ExecutionOptions {
  readonly loaded: LoadedAnalysis;
  /** Name of the record format. */
  readonly records: string;
  readonly leftOut: readonly LeftOut[];
  readonly log: LogSink;
  /** Check mode: records are overwritten after their callback, so that an analysis that keeps them is found out. */
  readonly overwrite: boolean;
  /** Above this, `stateBytes` measures before it answers. */
  readonly checkpointStateBytes: number;
}

/** The state of one partition: pairs by key, or the analysis' own accumulator. */
interface PartitionState {
  readonly pairs: PairMap;
  readonly accumulator: Accumulator<unknown> | null;
}

export class Execution {
  readonly #options: ExecutionOptions;
  readonly #loaded: LoadedAnalysis;
  readonly #columns: number;
  readonly #format: RecordFormat;
  readonly #rejections: Rejections;
  readonly #partitions = new Map<string, PartitionState>();
  readonly #encode: (value: unknown) => string;
  readonly #recordPairs: RecordPairs;
  #block: JobBlock | null = null;
  #splitter: RecordSplitter | null = null;
  #state: PartitionState | null = null;
  #leftOut: ReadonlyMap<number, string> = new Map();
  #recordsOfAll = 0;

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
    this.#columns = options.loaded.description.key.length;
    this.#format = recordFormat(options.records);
    this.#rejections = new Rejections(options.log);
    this.#encode = encodeValueOf(options.loaded.analysis);
    this.#recordPairs = new RecordPairs(this.#columns);
  }

  beginBlock(block: JobBlock): void {
    if (this.#block !== null) throw new SpotfoldError("internal", "a block begins before the last one ended");
    this.#block = block;
    this.#rejections.beginBlock(block);
    const leftOut = this.#options.leftOut.filter((entry) => entry.block === block.index);
    this.#leftOut = new Map(leftOut.map((entry) => [entry.ordinal, entry.message]));
    this.#state = this.#partition(block);
    this.#splitter = new RecordSplitter({
      format: this.#format,
      block: { key: block.key, dimensions: block.dimensions },
      record: (record) => this.#take(record),
      rejected: (rejected) => this.#rejections.add(rejected),
      overwrite: this.#options.overwrite,
    });
  }

  /** Decoded bytes of the block in hand; valid until this returns. */
  chunk(bytes: Uint8Array): void {
    this.#inHand().splitter.push(bytes);
  }

  /** The block's last byte was decoded, its size and etag agreed. Throws `Struck` when it has too many bad records. */
  endBlock(): BlockReport {
    const { block, splitter } = this.#inHand();
    splitter.end();
    this.#block = null;
    this.#splitter = null;
    const { records, bytes: rawBytes } = splitter;
    this.#recordsOfAll += records;
    const { total, first } = this.#rejections;
    const max = this.#loaded.analysis.rejectedPerBlockMax;
    if (max !== undefined && total > max) {
      const message = `${total} of ${records} records of ${block.key} were rejected, ${max} are tolerated; the first: ${first}`;
      throw new Struck({ cause: "bad-input", reason: "too-many-rejected", message, block: block.index });
    }
    const report = { index: block.index, records, rawBytes, rejected: this.#rejections.counts() };
    if (records === 0 || total < records) return { ...report, verdict: "counted" };
    return { ...report, verdict: "no-record-accepted", firstRejection: first ?? "" };
  }

  /** Rejections of the block in hand, or of the last one: counts by reason, and the first for people. */
  get rejected(): { readonly counts: Readonly<Record<string, number>>; readonly first: string | null } {
    return { counts: this.#rejections.counts(), first: this.#rejections.first };
  }

  /** Records so far, of all blocks. */
  get records(): number {
    return this.#recordsOfAll + (this.#splitter?.records ?? 0);
  }

  /** About how much memory the state takes. */
  stateBytes(): number {
    let bytes = 0;
    for (const { pairs, accumulator } of this.#partitions.values()) bytes += accumulator?.bytes() ?? pairs.bytes;
    if (bytes <= this.#options.checkpointStateBytes) return bytes;
    bytes = 0;
    for (const { pairs, accumulator } of this.#partitions.values()) bytes += accumulator?.bytes() ?? pairs.measure();
    // Measured at more than half it counts as full, or the next value would make it be measured again.
    const full = bytes > this.#options.checkpointStateBytes / 2;
    return full ? Math.max(bytes, this.#options.checkpointStateBytes + 1) : bytes;
  }

  /** Writes all pairs in key order (partition first) and is empty afterwards. Throws `Struck` that names no block. */
  drain(writer: PairWriter): void {
    const states = new Map([...this.#partitions].map(([partition, state]) => [encodeKey([partition]), state]));
    this.#partitions.clear();
    for (const prefix of sortTexts([...states.keys()])) {
      const state = states.get(prefix);
      if (state !== undefined) this.#drainPartition(prefix, state, writer);
    }
    if (this.#block !== null) this.#state = this.#partition(this.#block);
  }

  #drainPartition(prefix: string, { accumulator, pairs }: PartitionState, writer: PairWriter): void {
    const encoded = new DrainedPairs(prefix, this.#columns, writer);
    let last = "";
    try {
      if (accumulator?.drainEncoded !== undefined) {
        mustBeOver("drainEncoded", accumulator.drainEncoded(encoded));
        encoded.mustBeSound();
        return;
      }
      for (const [text, value] of accumulator === null ? pairs.drain() : this.#drained(accumulator)) {
        last = text;
        writer.addText(`${prefix}\t${text}`, this.#encode(value));
      }
    } catch (error) {
      // A full disk, for instance: user code is not to blame.
      if (error instanceof Struck) throw error;
      const key = last === "" ? encoded.last : last;
      const where = key === "" ? "" : ` at the key ${JSON.stringify(key)}`;
      throw new Struck(
        { cause: "code", reason: "drain-threw", message: `draining threw${where}: ${describeThrow(error)}` },
        error,
      );
    } finally {
      encoded.end();
    }
  }

  *#drained(accumulator: Accumulator<unknown>): Generator<readonly [string, unknown]> {
    for (const [key, value] of accumulator.drain()) {
      if (key.length !== this.#columns)
        throw new Error(`drain gave a key of ${key.length} columns instead of ${this.#columns}`);
      yield [encodeKey(key), value];
    }
  }

  #take(record: RecordView): void {
    const leftOut = this.#leftOut.get(record.ordinal);
    if (leftOut !== undefined) this.#reject(record, "add-threw", leftOut);
    else if (this.#loaded.analysis.map === undefined) this.#add(record);
    else this.#map(record);
  }

  #map(record: RecordView): void {
    const { analysis, context } = this.#loaded;
    const pairs = this.#recordPairs;
    pairs.begin();
    try {
      const result = analysis.map?.(record, pairs.emit, context) as unknown;
      if (result !== undefined && typeof (result as PromiseLike<unknown> | null)?.then === "function") {
        throw new TypeError("map returned a promise: it must be synchronous");
      }
    } catch (error) {
      this.#reject(record, rejectionReason(error) ?? "map-threw", describeRejection(error));
      return;
    } finally {
      pairs.end();
    }
    pairs.each(this.#combine);
  }

  readonly #combine = (text: string, key: Key, value: unknown): void => {
    try {
      this.#stateInHand().pairs.add(text, key, value);
    } catch (error) {
      const message = `merge threw at the key ${JSON.stringify(text)}: ${describeThrow(error)}`;
      throw new Struck({ cause: "code", reason: "merge-threw", message, block: this.#inHand().block.index }, error);
    }
  };

  #add(record: RecordView): void {
    try {
      this.#stateInHand().accumulator?.add(record);
    } catch (error) {
      const reason = rejectionReason(error);
      if (reason !== null) return this.#reject(record, reason, describeRejection(error));
      const { block } = this.#inHand();
      const message = `add threw at record ${record.ordinal} of ${block.key}: ${describeThrow(error)}`;
      throw new Struck(
        { cause: "code", reason: "add-threw", message, block: block.index, ordinal: record.ordinal },
        error,
      );
    }
  }

  #reject(record: RecordView, reason: string, message: string): void {
    this.#rejections.add({ ordinal: record.ordinal, offset: record.offset, reason, message });
  }

  #partition(block: JobBlock): PartitionState {
    const known = this.#partitions.get(block.partition);
    if (known !== undefined) return known;
    const { analysis, context } = this.#loaded;
    let accumulator: Accumulator<unknown> | null = null;
    try {
      accumulator = analysis.accumulator?.(context) ?? null;
    } catch (error) {
      const beforeFirstRecord = this.#recordsOfAll === 0;
      const message = `accumulator threw: ${describeThrow(error)}`;
      throw new Struck({ cause: "code", reason: "accumulator-threw", message, beforeFirstRecord }, error);
    }
    const state = { pairs: new PairMap(analysis), accumulator };
    this.#partitions.set(block.partition, state);
    return state;
  }

  #inHand(): { block: JobBlock; splitter: RecordSplitter } {
    if (this.#block === null || this.#splitter === null)
      throw new SpotfoldError("internal", "there is no block in hand");
    return { block: this.#block, splitter: this.#splitter };
  }

  #stateInHand(): PartitionState {
    if (this.#state === null) throw new SpotfoldError("internal", "there is no block in hand");
    return this.#state;
  }
}
