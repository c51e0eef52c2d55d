/**
 * Sorted runs: segments in a scratch place, written front to back. The place is a folder for real children and memory in the
 * simulator. A run exists once `finish` has returned it; what a throw leaves behind is garbage in the scratch place.
 */
import type { EntryPlace } from "../../shared/segment/entry.ts";
import type { WholeFrame } from "../../shared/segment/segment-cursor.ts";
import type { SyncSegmentSource } from "../../shared/segment/source.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";
import { Tally } from "./tally.ts";

/** Failures are thrown as `Struck` with the cause `environment` (disk full) or `infrastructure`: never user code's fault. */
export interface Scratch {
  create(name: string): ScratchFile;
  open(name: string): SyncSegmentSource & { close(): void };
}

export interface ScratchFile {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Plain JSON: it travels from the children to the worker. Keys are encoded text. */
export interface RunInfo {
  readonly name: string;
  readonly entries: number;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly firstKey: string;
  readonly lastKey: string;
  /** Decoded, in key order. */
  readonly partitions: readonly string[];
  /** Encoded first `publishBy` columns, sorted. */
  readonly units: readonly string[];
}

export interface RunShape {
  /** Of the analysis' key; in a segment the partition goes before them. */
  readonly columns: number;
  readonly publishBy: number;
  readonly scratch: Scratch;
  /** Called every few thousand entries: a long run is not a stall. */
  readonly beat: () => void;
}

/** Entries between two beats: each may be merged of 256 values, so that these are some milliseconds. */
export const entriesPerBeat = 64;

/** One run being written; the file is made with the first entry, so that no entries mean no file. */
export class RunWriter {
  readonly #name: string;
  readonly #shape: RunShape;
  readonly #tally: Tally;
  #file: ScratchFile | null = null;
  #writer: SegmentWriter | null = null;
  #entries = 0;

  constructor(name: string, shape: RunShape) {
    this.#name = name;
    this.#shape = shape;
    this.#tally = new Tally(shape.publishBy);
  }

  /** The key as encoded text, partition first; keys in ascending order. */
  addText(key: string, value: string): void {
    this.#open().addText(key, value);
    this.#tally.addText(key);
  }

  addFrom(cursor: EntryPlace): void {
    this.#open().addFrom(cursor);
    this.#tally.addFrom(cursor);
  }

  /** All entries of a frame of another segment, which come after those before. */
  addFrame(frame: WholeFrame): void {
    this.#open().addFrame(frame);
    this.#tally.addFrame(frame);
    this.#shape.beat();
  }

  /** Null when nothing was added. */
  finish(): RunInfo | null {
    if (this.#writer === null) return null;
    const summary = this.#writer.finish();
    this.#file?.close();
    return {
      name: this.#name,
      entries: summary.entries,
      bytes: summary.bytes,
      rawBytes: summary.rawBytes,
      firstKey: Buffer.from(summary.firstKey).toString(),
      lastKey: Buffer.from(summary.lastKey).toString(),
      partitions: this.#tally.partitions,
      units: this.#tally.units,
    };
  }

  #open(): SegmentWriter {
    this.#entries += 1;
    if (this.#entries % entriesPerBeat === 0) this.#shape.beat();
    if (this.#writer !== null) return this.#writer;
    const file = this.#shape.scratch.create(this.#name);
    this.#file = file;
    this.#writer = new SegmentWriter((bytes) => file.write(bytes), { columns: this.#shape.columns + 1 });
    return this.#writer;
  }
}
