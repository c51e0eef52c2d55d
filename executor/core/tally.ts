/**
 * Which partitions and which published units occur in a run of pairs: noted while it is written, since reading it again
 * would cost what writing it did. Keys come in order, so a comparison with the one before answers nearly always.
 */
import { LineCursor } from "../../shared/segment/entry.ts";
import type { EntryPlace } from "../../shared/segment/entry.ts";
import type { WholeFrame } from "../../shared/segment/segment-cursor.ts";
import { compareRanges, sortTexts } from "../../shared/segment/order.ts";
import { decodeKeyText } from "../../shared/segment/key.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** A resolution lists its units, and each is a published folder: more of them are keys, not units. */
export const unitsMax = 100_000;

const TAB = 0x09;

export class Tally {
  readonly #by: number;
  readonly #partitions = new Set<string>();
  readonly #units = new Set<string>();
  /** Partition and first `by` columns of the key before. */
  #head: string | null = null;
  #headBytes: Uint8Array = new Uint8Array(0);

  /** `by` is the number of key columns (the partition not counted) that name a unit. */
  constructor(by: number) {
    this.#by = by;
  }

  /** `text` is an encoded segment key, partition first. */
  addText(text: string): void {
    const head = this.#head;
    if (
      head !== null &&
      text.startsWith(head) &&
      (text.length === head.length || text.charCodeAt(head.length) === TAB)
    ) {
      return;
    }
    this.#note(text);
  }

  addFrom({ keyBytes, keyStart, keyEnd }: EntryPlace): void {
    if (this.#isNoted(keyBytes, keyStart, keyEnd)) return;
    this.#note(Buffer.from(keyBytes.subarray(keyStart, keyEnd)).toString());
  }

  /** All keys of a frame: when its first and one at its end or behind it agree, so do those between. */
  addFrame(frame: WholeFrame): void {
    const { firstKey } = frame.position;
    if (!this.#isNoted(firstKey, 0, firstKey.length)) this.#note(Buffer.from(firstKey).toString());
    if (this.#isNoted(frame.endKey, 0, frame.endKey.length)) return;
    const lines = new LineCursor(frame.columns);
    lines.reset(frame.lines());
    while (lines.next()) this.addFrom(lines);
  }

  /** The key has the same partition and unit as the one before. */
  #isNoted(keyBytes: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const end = keyStart + this.#headBytes.length;
    if (this.#head === null || end > keyEnd || (end < keyEnd && keyBytes[end] !== TAB)) return false;
    return compareRanges(keyBytes, keyStart, end, this.#headBytes, 0, this.#headBytes.length) === 0;
  }

  /** Decoded, in key order. */
  get partitions(): string[] {
    return sortTexts(this.#partitions).map((partition) => decodeKeyText(partition)[0] ?? "");
  }

  /** Encoded first columns, sorted; [""] for the one unit of `by` 0. */
  get units(): string[] {
    return sortTexts(this.#units);
  }

  #note(text: string): void {
    const columns = text.split("\t");
    const head = columns.slice(0, this.#by + 1);
    this.#head = head.join("\t");
    this.#headBytes = Buffer.from(this.#head);
    this.#partitions.add(head[0] ?? "");
    this.#units.add(head.slice(1).join("\t"));
    if (this.#units.size > unitsMax) {
      throw new SpotfoldError("limit", `the pairs fall into more than ${unitsMax} published units`, {
        hint: "Lower `publish.by`, so that fewer key columns name a unit.",
      });
    }
  }
}
