/**
 * The bytes of a segment on their way out: header, frames, each with its row noted, then index and footer. What it is given is in
 * order and of the right shape (writer.ts).
 *
 *   open (header written) --frame, kept frame--> open --finish--> whole
 *                         --the sink throws--> broken: a segment with a hole is never finished
 */
import { crc32 } from "node:zlib";
import { SpotfoldError } from "../errors.ts";
import { encodeFooter, encodeHeader, encodeIndexFrame, SEGMENT_FORMAT } from "./format.ts";
import { IndexBuilder } from "./index.ts";
import type { FramePosition } from "./index.ts";
import { compressFrame } from "./zstd.ts";

export interface FrameSinkOptions {
  readonly columns: number;
  readonly kind: string;
  /** Of zstd. */
  readonly level: number;
}

/** Of the whole segment. */
export interface SegmentTotals {
  readonly entries: number;
  readonly rawBytes: number;
  readonly lastKey: Uint8Array;
}

export class FrameSink {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #options: FrameSinkOptions;
  readonly #headerBytes: number;
  readonly #index = new IndexBuilder();
  #isBroken = false;
  #written = 0;

  /** What `sink` throws passes through, here and later. */
  constructor(sink: (bytes: Uint8Array) => void, options: FrameSinkOptions) {
    const { columns, kind } = options;
    this.#sink = sink;
    this.#options = options;
    const header = encodeHeader({ format: SEGMENT_FORMAT, columns, kind });
    this.#headerBytes = header.length;
    this.#write(header);
  }

  /** Compresses these lines into a frame. */
  frame(raw: Uint8Array, entries: number, firstKey: Uint8Array): FramePosition {
    const frame = compressFrame(raw, this.#options.level);
    const { length } = frame;
    const position = { offset: this.#written, length, rawBytes: raw.length, entries, firstKey, checksum: crc32(frame) };
    this.#index.add(position);
    this.#write(frame);
    return position;
  }

  /** A frame of another segment, compressed as it is. */
  keptFrame(position: FramePosition, compressed: Uint8Array): void {
    // A checksum that came with the frame stays: nothing that happens to the bytes on their way is missed.
    this.#index.add({ ...position, checksum: position.checksum ?? crc32(compressed) });
    this.#write(compressed);
  }

  /** Writes index and footer. Answers the segment's bytes. */
  finish({ entries, rawBytes, lastKey }: SegmentTotals): number {
    const { columns, kind, level } = this.#options;
    const indexOffset = this.#written;
    const head = { format: SEGMENT_FORMAT, columns, kind, headerBytes: this.#headerBytes };
    const body = this.#index.finish({ ...head, entries, rawBytes, lastKey });
    const frame = encodeIndexFrame(compressFrame(body, level));
    this.#write(frame);
    const index = { indexOffset, indexBytes: frame.length, indexRawBytes: body.length };
    this.#write(encodeFooter({ format: SEGMENT_FORMAT, ...index }));
    return this.#written;
  }

  #write(bytes: Uint8Array): void {
    // Whoever catches what the sink throws has a segment with a hole: it is never finished.
    const isWhole = !this.#isBroken;
    this.#isBroken = true;
    if (!isWhole) throw new SpotfoldError("internal", "a segment goes on whose bytes could not be written");
    this.#sink(bytes);
    this.#isBroken = false;
    this.#written += bytes.length;
  }
}
