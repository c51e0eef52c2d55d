/**
 * Many planned blocks, held as the rows that plans list them by: 150 bytes of a million blocks each, where objects would take
 * twice that. Taken out once, front to back, as the block lists of jobs.
 *
 *   added, one or many -> looked at: sizes, keys that come twice -> cut by their sizes -> lists taken: what was taken is let go
 */
import { SpotfoldError } from "../errors.ts";
import { encodeRow, fromRow, type PlannedBlock } from "./plan.ts";
import { Repeats, scanRow } from "./row-scan.ts";

/** Rows are written into pieces of so many bytes, so that none is copied when there are more. */
const chunkBytes = 1024 * 1024;
/** What UTF-8 takes at most for one unit of a string. */
const utf8BytesMax = 3;

const opening = 0x5b;
const closing = 0x5d;
const comma = 0x2c;

/** Rows of plans: `encodeRow` of at least one block, a line each. */
export interface RowText {
  /** Of all of them. */
  readonly partition: string;
  readonly text: string;
}

/** The blocks of a text of rows. */
export function blocksOfText({ text }: RowText): PlannedBlock[] {
  return text.split("\n").map((row) => fromRow(JSON.parse(row)));
}

export class BlockRows {
  /** Compressed bytes of each block. */
  readonly sizes: number[] = [];
  /** Of each: what it adds to its list, the comma included. */
  readonly listBytes: number[] = [];
  readonly #keys = new Repeats();
  #chunks: Uint8Array[] = [];
  #chunk = Buffer.alloc(0);
  #length = 0;

  add(block: PlannedBlock): void {
    this.addText(encodeRow(block));
  }

  /** Rows, a line each: a text for many of them costs a tenth of what one for each does. */
  addText(text: string): void {
    // Room for as many bytes as it may take: to count them is to read it once more.
    const bytesMax = text.length * utf8BytesMax + 1;
    if (this.#length + bytesMax > this.#chunk.length) this.#next(bytesMax);
    const chunk = this.#chunk;
    const end = this.#length + chunk.write(text, this.#length, "utf8") + 1;
    chunk[end - 1] = comma;
    while (this.#length < end) {
      const { next, size, hash } = scanRow(chunk, this.#length, end - 1);
      chunk[next - 1] = comma;
      this.sizes.push(size);
      this.listBytes.push(next - this.#length);
      this.#keys.add(hash);
      this.#length = next;
    }
  }

  /** A block whose key an earlier one has, if there is one. To be asked before lists are taken. */
  twice(): PlannedBlock | undefined {
    const isSuspect = this.#keys.suspects();
    if (isSuspect === undefined) return undefined;
    const seen = new Set<string>();
    for (const block of this.where(isSuspect)) {
      if (seen.has(block.key)) return block;
      seen.add(block.key);
    }
    return undefined;
  }

  /** The blocks of these places, in order. To be asked before lists are taken. */
  *where(wanted: (index: number) => boolean): Generator<PlannedBlock, void, undefined> {
    let index = 0;
    for (const chunk of [...this.#chunks, this.#chunk.subarray(0, this.#length)]) {
      for (let at = 0; at < chunk.length; index++) {
        const end = at + (this.listBytes[index] ?? chunk.length);
        if (wanted(index)) {
          yield fromRow(JSON.parse(Buffer.from(chunk.buffer, chunk.byteOffset + at, end - 1 - at).toString("utf8")));
        }
        at = end;
      }
    }
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
