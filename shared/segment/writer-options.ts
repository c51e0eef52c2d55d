/** How a segment is written: what a caller may say, and what it is without a word. */
import { SpotfoldError } from "../errors.ts";
import { COLUMNS_MAX, FRAME_BYTES_DEFAULT, FRAME_BYTES_MAX, KIND_PATTERN } from "./format.ts";

/** Level 1 is three times as fast as zstd's default and gives about the same size on lines of counts. */
export const LEVEL_DEFAULT = 1;

export interface SegmentWriterOptions {
  /** Of a key, the partition included: 1 to 64. */
  readonly columns: number;
  /** What the lines mean, in lower-case words. Default `data`. */
  readonly kind?: string;
  /** Of zstd. Default 1. */
  readonly level?: number;
  /** Raw bytes after which a frame ends. Default 256 KiB, at most 1 MiB. */
  readonly frameBytes?: number;
}

/** With every default. Throws `internal` when no segment can be written like this. */
export function wholeOptions(options: SegmentWriterOptions): Required<SegmentWriterOptions> {
  const { columns, kind = "data", level = LEVEL_DEFAULT, frameBytes = FRAME_BYTES_DEFAULT } = options;
  const columnsFit = Number.isInteger(columns) && columns >= 1 && columns <= COLUMNS_MAX;
  if (!columnsFit || !KIND_PATTERN.test(kind) || !(frameBytes >= 1 && frameBytes <= FRAME_BYTES_MAX)) {
    throw new SpotfoldError("internal", "no segment can be written like this", {
      context: { columns, kind, frameBytes },
    });
  }
  return { columns, kind, level, frameBytes };
}
