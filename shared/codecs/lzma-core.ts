/**
 * The LZMA decoder itself: symbols and window, for `.lzma` (one stream) and `.xz` (LZMA2 chunks). Written from the public
 * description of the format (7-Zip's `lzma-specification.txt`).
 *
 * One call of `decode` goes on until the input or the output that it was given is used up, or an end marker was read:
 *
 *     window   [ ...history, wraps around... | not yet taken | room ]
 *                                            ^ taken         ^ position
 *
 * What may go wrong: a distance that points before the data is thrown. Reading past the input's end is not: callers keep
 * `symbolBytesMax` readable bytes behind it, and compare `coder.at` afterwards.
 */
import { CodecFault } from "./fault.ts";
import { RangeDecoder } from "./range-decoder.ts";

/** No symbol takes more input than this (22 modelled bits and 26 direct ones, at most 20 bytes). */
export const symbolBytesMax = 20;

/** Decoded bytes are handed on in pieces of at most this size: big enough that the cost of a piece does not show, small enough for caches. */
export const pieceBytesMax = 256 * 1024;

/** The largest dictionary that is accepted: `xz -9` writes 64 MiB. What a header declares is allocated, so it must have a bound. */
export const dictionaryBytesMax = 64 * 1024 * 1024;

// Where the probabilities of each kind lie in one array; states count 12, position states at most 16.
const IS_MATCH = 0;
const IS_REP = IS_MATCH + 12 * 16;
const IS_REP0 = IS_REP + 12;
const IS_REP1 = IS_REP0 + 12;
const IS_REP2 = IS_REP1 + 12;
const IS_REP0_LONG = IS_REP2 + 12;
const SLOT = IS_REP0_LONG + 12 * 16;
// Slots 4 to 13: the tree of each begins at SPECIAL + base distance - slot, its index 0 unused; the largest ends below 128.
const SPECIAL = SLOT + 4 * 64;
const ALIGN = SPECIAL + 128;
const LENGTH = ALIGN + 16;
// Of a length: two choices, then trees of 8 per position state (short, middle), one of 256 (long).
const LENGTH_SHORT = 2;
const LENGTH_MIDDLE = LENGTH_SHORT + 16 * 8;
const LENGTH_LONG = LENGTH_MIDDLE + 16 * 8;
const REP_LENGTH = LENGTH + LENGTH_LONG + 256;
const LITERAL = REP_LENGTH + LENGTH_LONG + 256;

export class LzmaCore {
  readonly coder = new RangeDecoder();
  /** An end marker was read. */
  ended = false;
  /** Bytes of a match for which there was no room. */
  pending = 0;

  readonly dictionaryBytes: number;
  readonly #window: Uint8Array;
  #position = 0;
  #taken = 0;
  #full = false;
  #contextBits = 0;
  #literalPositionMask = 0;
  #positionMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;

  /** `dictionaryBytes` at most `dictionaryBytesMax`: the caller checks, it can say where the number came from. */
  constructor(dictionaryBytes: number) {
    this.dictionaryBytes = Math.max(dictionaryBytes, 1);
    // A multiple of 16, so that the low bits of the position survive wrapping around.
    this.#window = new Uint8Array((Math.max(dictionaryBytes, 4096) + 15) & ~15);
  }

  /** Sets lc, lp and pb from a properties byte and forgets what was learned. False when there is no such byte. */
  setProperties(properties: number): boolean {
    if (properties >= 9 * 5 * 5) return false;
    this.#contextBits = properties % 9;
    const rest = (properties - this.#contextBits) / 9;
    this.#literalPositionMask = (1 << (rest % 5)) - 1;
    this.#positionMask = (1 << Math.floor(rest / 5)) - 1;
    this.resetState();
    return true;
  }

  /** The same under LZMA2's rule that lc and lp together are at most 4. */
  setLzma2Properties(properties: number): boolean {
    return (properties % 9) + (Math.floor(properties / 9) % 5) <= 4 && this.setProperties(properties);
  }

  resetState(): void {
    this.coder.resetModel(LITERAL + ((0x300 * (this.#literalPositionMask + 1)) << this.#contextBits));
    this.#state = this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  /** As it was made, whatever became of what it decoded before; `setProperties` comes next. */
  restart(): void {
    this.ended = false;
    this.pending = 0;
    this.resetDictionary();
  }

  /** Forgets the history. Everything decoded must have been taken. */
  resetDictionary(): void {
    this.#position = this.#taken = 0;
    this.#full = false;
    this.#window[this.#window.length - 1] = 0;
  }

  /** How many decoded bytes were not taken yet. */
  get waiting(): number {
    return this.#position - this.#taken;
  }

  /** How many bytes may be decoded before `take` must be called. */
  get room(): number {
    return Math.min(this.#window.length, this.#taken + pieceBytesMax) - this.#position;
  }

  /** What was decoded since the last call, as a copy. Makes room. */
  take(): Uint8Array {
    const piece = this.#window.slice(this.#taken, this.#position);
    if (this.#position === this.#window.length) {
      this.#position = 0;
      this.#full = true;
    }
    this.#taken = this.#position;
    return piece;
  }

  /** Appends bytes that were stored as they are; at most `room`. */
  store(bytes: Uint8Array): void {
    this.#window.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /**
   * Decodes symbols while `coder.at` lies before `inputEnd` (a symbol may read up to `symbolBytesMax` beyond) and fewer than
   * `outputBytes` (at most `room`) came out. Returns how many did.
   */
  decode(inputEnd: number, outputBytes: number): number {
    const { coder } = this;
    const window = this.#window;
    const begin = this.#position;
    const end = begin + outputBytes;
    let position = this.#copy(begin, end);
    let state = this.#state;
    while (position < end && coder.at < inputEnd) {
      const positionState = position & this.#positionMask;
      if (coder.bit(IS_MATCH + (state << 4) + positionState) === 0) {
        window[position] = this.#literal(position, state);
        position += 1;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      if (coder.bit(IS_REP + state) === 0) {
        this.#rep3 = this.#rep2;
        this.#rep2 = this.#rep1;
        this.#rep1 = this.#rep0;
        this.pending = this.#length(LENGTH, positionState);
        this.#rep0 = this.#distance(this.pending);
        state = state < 7 ? 7 : 10;
        if (this.#rep0 === -1) {
          this.pending = 0;
          this.ended = true;
          break;
        }
      } else if (coder.bit(IS_REP0 + state) === 1) {
        this.#older(state);
        this.pending = this.#length(REP_LENGTH, positionState);
        state = state < 7 ? 8 : 11;
      } else if (coder.bit(IS_REP0_LONG + (state << 4) + positionState) === 1) {
        this.pending = this.#length(REP_LENGTH, positionState);
        state = state < 7 ? 8 : 11;
      } else {
        this.pending = 1;
        state = state < 7 ? 9 : 11;
      }
      // Unsigned: a distance beyond 2^31 is negative here.
      if (this.#rep0 >>> 0 >= this.dictionaryBytes || (this.#rep0 >= position && !this.#full)) {
        throw new CodecFault("has a match that points before the data");
      }
      position = this.#copy(position, end);
    }
    this.#position = position;
    this.#state = state;
    return position - begin;
  }

  /** Copies what the match in hand still has to give, as far as there is room. Returns the new position. */
  #copy(position: number, end: number): number {
    if (this.pending === 0) return position;
    const window = this.#window;
    const stop = Math.min(position + this.pending, end);
    this.pending -= stop - position;
    let from = position - this.#rep0 - 1;
    if (from < 0) from += window.length;
    if (from + stop - position <= window.length) {
      while (position < stop) window[position++] = window[from++]!;
      return stop;
    }
    while (position < stop) {
      window[position++] = window[from++]!;
      if (from === window.length) from = 0;
    }
    return stop;
  }

  /** A byte, in the context of its position, of the byte before, and after a match of the byte that would have gone on with it. */
  #literal(position: number, state: number): number {
    const { coder } = this;
    const window = this.#window;
    const before = window[position > 0 ? position - 1 : window.length - 1]!;
    const context = ((position & this.#literalPositionMask) << this.#contextBits) + (before >> (8 - this.#contextBits));
    const base = LITERAL + Math.imul(0x300, context);
    if (state < 7) return coder.tree(base, 0x100);
    let from = position - this.#rep0 - 1;
    if (from < 0) from += window.length;
    let expected = window[from]!;
    let matching = 0x100;
    let symbol = 1;
    do {
      expected <<= 1;
      const guess = expected & matching;
      const bit = coder.bit(base + matching + guess + symbol);
      symbol = (symbol << 1) | bit;
      matching &= bit === 1 ? guess : ~guess;
    } while (symbol < 0x100);
    return symbol - 0x100;
  }

  /** One of the older distances becomes the newest. */
  #older(state: number): void {
    let distance = this.#rep1;
    if (this.coder.bit(IS_REP1 + state) === 1) {
      distance = this.#rep2;
      if (this.coder.bit(IS_REP2 + state) === 1) {
        distance = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = this.#rep0;
    this.#rep0 = distance;
  }

  #length(base: number, positionState: number): number {
    const { coder } = this;
    if (coder.bit(base) === 0) return 2 + coder.tree(base + LENGTH_SHORT + (positionState << 3), 8);
    if (coder.bit(base + 1) === 0) return 10 + coder.tree(base + LENGTH_MIDDLE + (positionState << 3), 8);
    return 18 + coder.tree(base + LENGTH_LONG, 256);
  }

  /** A new distance: a slot (its two highest bits, and how many follow), then bits of even odds, then modelled ones. */
  #distance(length: number): number {
    const { coder } = this;
    const slot = coder.tree(SLOT + (Math.min(length - 2, 3) << 6), 64);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const highest = 2 | (slot & 1);
    if (slot >= 14) return (coder.direct(highest, bits - 4) << 4) | coder.reverseTree(ALIGN, 4);
    const base = highest << bits;
    return base | coder.reverseTree(SPECIAL + base - slot, bits);
  }
}
