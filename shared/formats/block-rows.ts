/**
 * Many planned blocks, held as the rows that plans list them by: 150 bytes of a million blocks each, where objects would take
 * twice that. Taken out once, front to back, as the block lists of jobs.
 *
 *   added one by one -> cut by their sizes -> lists taken: what was taken is let go
 */
import { SpotfoldError } from "../errors.ts";
import { encodePlainRow, encodeRow, isPlainRow, type PlannedBlock } from "./plan.ts";

/** Rows are written into pieces of so many bytes, so that none is copied when there are more. */
const chunkBytes = 256 * 1024;

const opening = 0x5b;
const closing = 0x5d;

export class BlockRows {
  /** Compressed bytes of each block. */
  readonly sizes: number[] = [];
  /** Of each: what it adds to its list, the comma included. */
  readonly listBytes: number[] = [];
  #chunks: Uint8Array[] = [];
  #chunk = Buffer.alloc(0);
  #length = 0;

  add(block: PlannedBlock): void {
    const isAscii = isPlainRow(block);
    const row = (isAscii ? encodePlainRow(block) : encodeRow(block)) + ",";
    const bytes = isAscii ? row.length : Buffer.byteLength(row);
    if (this.#length + bytes > this.#chunk.length) this.#next(bytes);
    this.#length += this.#chunk.write(row, this.#length, isAscii ? "latin1" : "utf8");
    this.sizes.push(block.size);
    this.listBytes.push(bytes);
  }

  /**
   * `encodeBlocks` of the blocks before each point and from the one before it. The points ascend; the last is the number of
   * blocks. Each list is good until the next is asked for.
   */
  *lists(points: readonly number[]): Generator<Uint8Array, void, undefined> {
    if ((points.at(-1) ?? 0) !== this.sizes.length)
      throw new SpotfoldError("internal", "blocks are left out of all lists");
    this.#next(0);
    const chunks = this.#chunks.toReversed();
    this.#chunks = [];
    let list = Buffer.alloc(0);
    let start = 0;
    for (const end of points) {
      let bytes = 1;
      for (let i = start; i < end; i++) bytes += this.listBytes[i] ?? 0;
      if (list.length < bytes) list = Buffer.allocUnsafe(bytes * 2);
      list[0] = opening;
      take(chunks, list, bytes);
      // In the place of the comma behind the last row.
      list[bytes - 1] = closing;
      yield list.subarray(0, bytes);
      start = end;
    }
  }

  /** Puts the piece in hand to the others, and begins one for at least so many bytes. */
  #next(bytes: number): void {
    if (this.#length > 0) this.#chunks.push(this.#chunk.subarray(0, this.#length));
    this.#chunk = Buffer.allocUnsafeSlow(bytes === 0 ? 0 : Math.max(bytes, chunkBytes));
    this.#length = 0;
  }
}

/** Fills `list` from its second byte up to `end` with what comes next; `chunks`: the next one is the last. */
function take(chunks: Uint8Array[], list: Uint8Array, end: number): void {
  for (let at = 1; at < end;) {
    const chunk = chunks.pop();
    if (chunk === undefined) throw new SpotfoldError("internal", "rows of blocks were taken twice");
    const part = chunk.subarray(0, end - at);
    list.set(part, at);
    at += part.length;
    if (part.length < chunk.length) chunks.push(chunk.subarray(part.length));
  }
}
