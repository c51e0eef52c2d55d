/**
 * Short strings that come again and again (names of systems, states, levels): found by their bytes, without making them anew.
 * One place for each hash; a string that needs it takes it over.
 */
import { HASH_FIRST, mixed } from "./name-table.ts";

const PLACES = 256;

/** Longer ones are rarely the same. */
const CHARACTERS_MAX = 32;

export class KeptStrings {
  readonly #kept: string[] = Array.from({ length: PLACES }, () => "");

  /** The text of the bytes from `start` to `end`, which `make` makes. */
  of(bytes: Uint8Array, start: number, end: number, make: (start: number, end: number) => string): string {
    const length = end - start;
    if (length > CHARACTERS_MAX) return make(start, end);
    let hash = HASH_FIRST;
    let bits = 0;
    for (let at = start; at < end; at++) {
      bits |= bytes[at] as number;
      hash = mixed(hash, bytes[at] as number);
    }
    if (bits >= 0x80) return make(start, end);
    const place = hash & (PLACES - 1);
    const kept = this.#kept[place] as string;
    if (kept.length === length && isAt(kept, bytes, start)) return kept;
    return (this.#kept[place] = make(start, end));
  }
}

/** Whether the bytes from `at` on are this text, which is ASCII. */
function isAt(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[at + i]) return false;
  }
  return true;
}
