/**
 * Looks through the bytes of a plan's row (`encodeRow`) for what cutting needs, without a string: where it ends, its size, and
 * a hash of its key, by which keys that come twice are found among a million. Pure.
 */

const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;

/** Of the hash FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/. */
const fnvPrime = 0x01000193;

export interface ScannedRow {
  /** Where the next row begins: behind the newline, or what stands in its place at the end. */
  next: number;
  size: number;
  /** Of the key, 32 bits: some keys of a million share theirs with another. */
  hash: number;
}

/** One object for all: it is read before the next row is. */
const scanned: ScannedRow = { next: 0, size: 0, hash: 0 };

/** Scans the row at `from`; it ends at a newline, or at `end`. The answer is good until the next call. */
export function scanRow(bytes: Uint8Array, from: number, end: number): Readonly<ScannedRow> {
  // Behind `["`.
  let at = from + 2;
  let hash = 0;
  for (;;) {
    const byte = bytes[at++] ?? quote;
    if (byte === quote) break;
    hash = Math.imul(hash ^ byte, fnvPrime);
    // The quote behind one belongs to the key.
    if (byte === backslash) at++;
  }
  // Behind `",`.
  at++;
  let size = 0;
  for (let digit = (bytes[at] ?? 0) - zero; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - zero) {
    size = size * 10 + digit;
  }
  while (at < end && bytes[at] !== newline) at++;
  scanned.next = at + 1;
  scanned.size = size;
  scanned.hash = hash;
  return scanned;
}

/** Finds out which of many hashes come more than once: some bytes for each, where a set of keys takes a hundred. */
export class Repeats {
  readonly #hashes: number[] = [];

  add(hash: number): void {
    this.#hashes.push(hash);
  }

  /** Whether the hash of the nth comes more than once; undefined when none does. */
  suspects(): ((index: number) => boolean) | undefined {
    const hashes = this.#hashes;
    const sorted = new Int32Array(hashes).toSorted();
    const repeated = new Set<number>();
    for (let i = 1; i < sorted.length; i++) {
      const hash = sorted[i] ?? NaN;
      if (hash === sorted[i - 1]) repeated.add(hash);
    }
    return repeated.size === 0 ? undefined : (index) => repeated.has(hashes[index] ?? NaN);
  }
}
