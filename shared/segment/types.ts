/**
 * A segment: a sorted, compressed key -> value file. Also the format of plans and coverage. Keys and values are bytes here
 * (see key.ts for tuples); order is memcmp of the key bytes.
 *
 *   file   = header frame, data frame ..., index (skippable frames), footer (one skippable frame of fixed size)
 *   data   = one zstd frame of about 256 KiB raw, checksum on, of lines `key TAB value LF`
 *
 * `key` in a line is the encoded tuple, whose columns are joined by TAB, too: the number of columns is in the header.
 */

export interface SegmentSummary {
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
  /** Of the lines, uncompressed. */
  readonly rawBytes: number;
  /** First and last key, encoded; empty when there are no entries. */
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
}

/** Where a segment is read from: a blob, a file, memory. Reads are positional. */
export interface SegmentSource {
  /** Bytes of the whole segment. */
  readonly size: number;
  /** Exactly these bytes; fails with code `corrupt` when there are fewer. */
  read(start: number, end: number): Promise<Uint8Array>;
}
