/**
 * Names as bytes -> small whole numbers: found by hash, then compared byte by byte, so that two names are never one.
 *
 *   slots    open addressing: number + 1 of a name, 0 for none      pool    the names' bytes, one behind the other
 *
 * Names that collide again and again (somebody made them so) are not taken in: looking for them must not take for ever.
 */
import { Buffer } from "node:buffer";

/** A table that is at most half full has runs far below this; a longer one is no accident. */
const PROBES_MAX = 64;

const SLOTS_FIRST = 128;
const POOL_FIRST_BYTES = 4096;
/** Of a name in slots, hash, bounds and order, about. */
const NAME_BYTES = 36;
const EMPTY_BYTES = SLOTS_FIRST * 4 + POOL_FIRST_BYTES;

/**
 * The hash: words of four bytes as long as they are plain, then single bytes, each mixed in by a multiplication.
 * `JsonCursor` does the same while it looks for a name's end.
 */
export const HASH_FIRST = 0x811c9dc5 | 0;
export const HASH_WORD_BYTES = 4;
const HASH_FACTOR = 0x9e3779b1 | 0;
const EACH_BYTE = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;

export function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, HASH_FACTOR);
  // A product's low bits know nothing of the factors' high ones.
  return product ^ (product >>> 15);
}

/** Whether none of the four bytes is a quote, a backslash, below 0x20 or above 0x7f. Errs towards no. */
export function isPlainWord(word: number): boolean {
  const quote = word ^ (0x22 * EACH_BYTE);
  const backslash = word ^ (0x5c * EACH_BYTE);
  const zeros = ((quote - EACH_BYTE) & ~quote) | ((backslash - EACH_BYTE) & ~backslash);
  return ((zeros | (word - 0x20 * EACH_BYTE) | word) & HIGH_BITS) === 0;
}

/** What `JsonCursor.nextOf` answers besides numbers of names. */
export const UNKNOWN_NAME = -1;
export const NO_MEMBER = -2;

const QUOTE = 0x22;
const WORD_BYTES = 8;
/** Names that are tried before hashing: the one that came next, and the one behind it when that one is left out. */
const GUESSES = 2;
/** After so many wrong guesses in a row there is no order, and no guessing for a while. */
const MISSED_MAX = 8;
const UNGUESSED = 256;

export class NameTable {
  #slots = new Int32Array(SLOTS_FIRST);
  #hashes = new Int32Array(SLOTS_FIRST / 2);
  /** Where each name begins in the pool; the next one's begin is its end. */
  #starts = new Int32Array(SLOTS_FIRST / 2 + 1);
  #pool = new Uint8Array(POOL_FIRST_BYTES);
  #poolView = new DataView(this.#pool.buffer);
  /** Of each name, which one came after it when it had to be looked for. */
  #next = new Int32Array(SLOTS_FIRST / 2).fill(-1);
  /** The last name that came. */
  #last = 0;
  /** Guesses that were wrong in a row, and names that are not guessed after too many. */
  #missed = 0;
  #unguessed = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Memory, about; the same for every table without names. */
  get bytes(): number {
    return EMPTY_BYTES + this.#size * NAME_BYTES + 2 * (this.#starts[this.#size] as number);
  }

  /** The number of the name that `bytes` has from `start` to `end`; -1 when it is not in the table. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = end - start;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const index = (slots[(hash + probe) & mask] as number) - 1;
      if (index < 0) return -1;
      if (this.#hashes[index] === hash && this.#equals(index, bytes, start, length)) return index;
    }
    return -1;
  }

  /** As `find`, of a name in a view: before a quote that lies before `end`, free of escapes. */
  findIn(view: DataView, at: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const index = (slots[(hash + probe) & mask] as number) - 1;
      if (index < 0) return -1;
      if (this.#hashes[index] === hash && this.#standsAt(index, view, at, end)) return index;
    }
    return -1;
  }

  /** The number of the name, which is taken in if it is new; -1 when too many others collide with it. */
  add(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const known = this.find(bytes, start, end, hash);
    if (known >= 0) return known;
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    const place = this.#freeSlot(hash);
    if (place < 0) return -1;
    const index = this.#size;
    const from = this.#starts[index] as number;
    const to = from + end - start;
    if (to > this.#pool.length) {
      this.#pool = copied(this.#pool, new Uint8Array(Math.max(to, 2 * this.#pool.length)));
      this.#poolView = new DataView(this.#pool.buffer);
    }
    this.#pool.set(bytes.subarray(start, end), from);
    this.#hashes[index] = hash;
    this.#starts[index + 1] = to;
    this.#slots[place] = index + 1;
    this.#size++;
    return index;
  }

  /**
   * Members come in the same order again and again: the number of the name that came next before, if it stands at `at` of the
   * view (a quote behind it, before `end`); -1 when the name must be looked for. Names that came were free of escapes.
   */
  guess(view: DataView, at: number, end: number): number {
    if (this.#unguessed > 0) {
      this.#unguessed--;
      return -1;
    }
    let name = this.#next[this.#last] as number;
    for (let guess = 0; guess < GUESSES && name >= 0; guess++) {
      if (this.#standsAt(name, view, at, end)) {
        this.#last = name;
        this.#missed = 0;
        return name;
      }
      name = this.#next[name] as number;
    }
    this.#missed++;
    if (this.#missed === MISSED_MAX) {
      this.#missed = 0;
      this.#unguessed = UNGUESSED;
    }
    return -1;
  }

  /** That this name came, and had to be looked for. */
  came(name: number): void {
    this.#next[this.#last] = name;
    this.#last = name;
  }

  lengthOf(name: number): number {
    return (this.#starts[name + 1] as number) - (this.#starts[name] as number);
  }

  /** The name of a number that the table gave. */
  text(index: number): string {
    return Buffer.from(this.#pool.buffer).toString("utf8", this.#starts[index], this.#starts[index + 1]);
  }

  /**
   * Compares words as doubles: bytes from 0x20 to 0x7f are never NaN or zero, and others only ever seem to differ (so that a
   * name with such bytes may not be found; it is then unknown each time).
   */
  #standsAt(name: number, view: DataView, at: number, end: number): boolean {
    const from = this.#starts[name] as number;
    const length = (this.#starts[name + 1] as number) - from;
    if (at + length >= end || view.getUint8(at + length) !== QUOTE) return false;
    const pool = this.#poolView;
    if (length < WORD_BYTES) {
      for (let i = 0; i < length; i++) if (pool.getUint8(from + i) !== view.getUint8(at + i)) return false;
      return true;
    }
    const last = length - WORD_BYTES;
    for (let i = 0; i < last; i += WORD_BYTES) {
      if (pool.getFloat64(from + i, true) !== view.getFloat64(at + i, true)) return false;
    }
    return pool.getFloat64(from + last, true) === view.getFloat64(at + last, true);
  }

  #equals(index: number, bytes: Uint8Array, start: number, length: number): boolean {
    const pool = this.#pool;
    const from = this.#starts[index] as number;
    if ((this.#starts[index + 1] as number) - from !== length) return false;
    for (let i = 0; i < length; i++) {
      if (pool[from + i] !== bytes[start + i]) return false;
    }
    return true;
  }

  #freeSlot(hash: number): number {
    const mask = this.#slots.length - 1;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const place = (hash + probe) & mask;
      if (this.#slots[place] === 0) return place;
    }
    return -1;
  }

  #grow(): void {
    const slots = this.#slots.length * 2;
    this.#hashes = copied(this.#hashes, new Int32Array(slots / 2));
    this.#starts = copied(this.#starts, new Int32Array(slots / 2 + 1));
    this.#next = copied(this.#next, new Int32Array(slots / 2).fill(-1));
    this.#slots = new Int32Array(slots);
    for (let index = 0; index < this.#size; index++) {
      // In a larger table runs are shorter: there is a place.
      const place = this.#freeSlot(this.#hashes[index] as number);
      if (place >= 0) this.#slots[place] = index + 1;
    }
  }
}

/** The hash of the bytes from `start` to `end`, as `JsonCursor` has it for names. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_FIRST;
  let at = start;
  for (; at + HASH_WORD_BYTES <= end; at += HASH_WORD_BYTES) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const word = low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    if (!isPlainWord(word)) break;
    hash = mixed(hash, word);
  }
  for (; at < end; at++) hash = mixed(hash, bytes[at] as number);
  return hash;
}

function copied<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
