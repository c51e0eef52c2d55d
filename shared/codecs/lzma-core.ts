/**
 * The LZMA decoder itself: range decoder, probability model and window, for `.lzma` (one stream) and `.xz` (LZMA2 chunks).
 * Written from the public description of the format (LZMA specification, 7-Zip's `lzma-specification.txt`).
 *
 * One call of `decode` goes on until the input or the output that it was given is used up, or an end marker was read:
 *
 *     window   [ ...history, wraps around... | not yet taken | room up to `outEnd` ]
 *                                             ^ taken         ^ position
 *
 * It is one long function on purpose. Everything that changes per bit lives in local variables; the ten lines that decode a
 * bit are repeated instead of called, since a call would have to write them back. That is worth a factor of about four.
 *
 * What may go wrong: a distance that points before the data (thrown as `corrupt`). Reads past the end of the input do not
 * happen in here: callers keep `symbolBytesMax` readable bytes behind `inputEnd`, and compare `inputPosition` afterwards.
 */
import { CodecFault } from "./fault.ts";

/** No symbol takes more input than this (22 modelled bits and 26 direct ones, at most 20 bytes). */
export const symbolBytesMax = 20;

/** Decoded bytes are handed on in pieces of at most this size: big enough that the cost of a piece does not show, small enough for caches. */
export const pieceBytesMax = 256 * 1024;

/** The largest dictionary that is accepted: `xz -9` writes 64 MiB. What a header declares is allocated, so it must have a bound. */
export const dictionaryBytesMax = 64 * 1024 * 1024;

const RANGE_TOP = 0x1000000;
const MODEL_TOTAL = 2048;
const MODEL_INITIAL = 1024;

// Where the adaptive probabilities of each kind lie in one array; states count 12, position states at most 16.
const IS_MATCH = 0;
const IS_REP = IS_MATCH + 12 * 16;
const IS_REP0 = IS_REP + 12;
const IS_REP1 = IS_REP0 + 12;
const IS_REP2 = IS_REP1 + 12;
const IS_REP0_LONG = IS_REP2 + 12;
const SLOT = IS_REP0_LONG + 12 * 16;
// Slots 4 to 13: each tree begins at SPECIAL + base distance - slot, its index 0 unused; the largest ends below 128.
const SPECIAL = SLOT + 4 * 64;
const ALIGN = SPECIAL + 128;
const LENGTH = ALIGN + 16;
const LENGTH_COUNT = 2 + 16 * 8 + 16 * 8 + 256;
const REP_LENGTH = LENGTH + LENGTH_COUNT;
const LITERAL = REP_LENGTH + LENGTH_COUNT;

export class LzmaCore {
  /** Where the next input byte lies in the array given to `decode`; beyond its end when a symbol needed more than there was. */
  inputPosition = 0;
  /** An end marker was read. */
  ended = false;
  /** Bytes of a match that did not fit before `outEnd`. */
  pending = 0;

  #window: Uint8Array;
  #dictionaryBytes: number;
  #position = 0;
  #taken = 0;
  #full = false;
  #probabilities = new Uint16Array(0);
  #literalContextBits = 0;
  #literalPositionMask = 0;
  #positionMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  #range = -1;
  #code = 0;

  /** `dictionaryBytes` at most `dictionaryBytesMax`: the caller checks, it can say where the number came from. */
  constructor(dictionaryBytes: number) {
    this.#dictionaryBytes = Math.max(dictionaryBytes, 1);
    // A multiple of 16, so that the low bits of the position survive wrapping around.
    this.#window = new Uint8Array((Math.max(dictionaryBytes, 4096) + 15) & ~15);
  }

  /** Sets lc, lp and pb from a properties byte and forgets what the model learned. False when there is no such byte. */
  setProperties(properties: number): boolean {
    if (properties >= 9 * 5 * 5) return false;
    this.#literalContextBits = properties % 9;
    const rest = (properties - this.#literalContextBits) / 9;
    const literalPositionBits = rest % 5;
    this.#literalPositionMask = (1 << literalPositionBits) - 1;
    this.#positionMask = (1 << ((rest - literalPositionBits) / 5)) - 1;
    const count = LITERAL + (0x300 << (this.#literalContextBits + literalPositionBits));
    if (this.#probabilities.length !== count) this.#probabilities = new Uint16Array(count);
    this.resetState();
    return true;
  }

  /** The same under LZMA2's rule that lc and lp together are at most 4. */
  setLzma2Properties(properties: number): boolean {
    return (properties % 9) + (Math.floor(properties / 9) % 5) <= 4 && this.setProperties(properties);
  }

  resetState(): void {
    this.#probabilities.fill(MODEL_INITIAL);
    this.#state = this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  /** Forgets the history. Everything decoded must have been taken. */
  resetDictionary(): void {
    this.#position = this.#taken = 0;
    this.#full = false;
    this.#window[this.#window.length - 1] = 0;
  }

  /** Starts the range decoder on the 5 bytes at `at`. False when they cannot be a start. */
  startRange(input: Uint8Array, at: number): boolean {
    this.#range = -1;
    this.#code =
      ((input[at + 1] ?? 0) << 24) | ((input[at + 2] ?? 0) << 16) | ((input[at + 3] ?? 0) << 8) | (input[at + 4] ?? 0);
    this.inputPosition = at + 5;
    return input[at] === 0;
  }

  /** Ends the range decoder as an encoder ends: one last shift where due, then nothing may be left in it. */
  finishRange(input: Uint8Array): boolean {
    if (this.#range >>> 0 < RANGE_TOP) {
      this.#range <<= 8;
      this.#code = (this.#code << 8) | (input[this.inputPosition++] ?? 0);
    }
    return this.#code === 0;
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
   * Decodes symbols while input lies before `inputEnd` (a symbol may read up to `symbolBytesMax` beyond) and fewer than
   * `outputBytes` (at most `room`) came out. Returns how many did.
   */
  decode(input: Uint8Array, inputEnd: number, outputBytes: number): number {
    const window = this.#window;
    const windowBytes = window.length;
    const probabilities = this.#probabilities;
    const contextBits = this.#literalContextBits;
    const contextShift = 8 - contextBits;
    const literalPositionMask = this.#literalPositionMask;
    const positionMask = this.#positionMask;
    const dictionaryBytes = this.#dictionaryBytes;
    const full = this.#full;
    const begin = this.#position;
    const outEnd = begin + outputBytes;
    let position = begin;
    let at = this.inputPosition;
    let range = this.#range;
    let code = this.#code;
    let state = this.#state;
    let rep0 = this.#rep0;
    let rep1 = this.#rep1;
    let rep2 = this.#rep2;
    let rep3 = this.#rep3;
    let length = this.pending;
    let index = 0;
    let probability = 0;
    let bound = 0;
    let symbol = 0;

    for (;;) {
      // Copy what a match (of this call or, at first, of the one before) still has to give.
      if (length > 0) {
        let from = position - rep0 - 1;
        if (from < 0) from += windowBytes;
        const copyEnd = length < outEnd - position ? position + length : outEnd;
        length -= copyEnd - position;
        if (from + (copyEnd - position) <= windowBytes) {
          while (position < copyEnd) window[position++] = window[from++]!;
        } else {
          while (position < copyEnd) {
            window[position++] = window[from++]!;
            if (from === windowBytes) from = 0;
          }
        }
      }
      if (position >= outEnd || at >= inputEnd) break;

      const positionState = position & positionMask;
      index = IS_MATCH + (state << 4) + positionState;
      if (range >>> 0 < RANGE_TOP) {
        range <<= 8;
        code = (code << 8) | input[at++]!;
      }
      probability = probabilities[index]!;
      bound = Math.imul(range >>> 11, probability);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);

        // A literal, in the context of its position and of the byte before.
        const before = window[position > 0 ? position - 1 : windowBytes - 1]!;
        const literal =
          LITERAL + Math.imul(0x300, ((position & literalPositionMask) << contextBits) + (before >> contextShift));
        symbol = 1;
        if (state >= 7) {
          // After a match the byte at the last distance is most likely wrong: it is part of the context.
          let from = position - rep0 - 1;
          if (from < 0) from += windowBytes;
          let expected = window[from]!;
          let matching = 0x100;
          do {
            expected <<= 1;
            const bit = expected & matching;
            index = literal + matching + bit + symbol;
            if (range >>> 0 < RANGE_TOP) {
              range <<= 8;
              code = (code << 8) | input[at++]!;
            }
            probability = probabilities[index]!;
            bound = Math.imul(range >>> 11, probability);
            if (code >>> 0 < bound >>> 0) {
              range = bound;
              probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
              symbol <<= 1;
              matching &= ~bit;
            } else {
              range = (range - bound) | 0;
              code = (code - bound) | 0;
              probabilities[index] = probability - (probability >> 5);
              symbol = (symbol << 1) | 1;
              matching &= bit;
            }
          } while (symbol < 0x100);
        } else {
          do {
            index = literal + symbol;
            if (range >>> 0 < RANGE_TOP) {
              range <<= 8;
              code = (code << 8) | input[at++]!;
            }
            probability = probabilities[index]!;
            bound = Math.imul(range >>> 11, probability);
            if (code >>> 0 < bound >>> 0) {
              range = bound;
              probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
              symbol <<= 1;
            } else {
              range = (range - bound) | 0;
              code = (code - bound) | 0;
              probabilities[index] = probability - (probability >> 5);
              symbol = (symbol << 1) | 1;
            }
          } while (symbol < 0x100);
        }
        window[position++] = symbol;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      range = (range - bound) | 0;
      code = (code - bound) | 0;
      probabilities[index] = probability - (probability >> 5);

      // A match: with a new distance, or with one of the last four.
      let lengths = REP_LENGTH;
      index = IS_REP + state;
      if (range >>> 0 < RANGE_TOP) {
        range <<= 8;
        code = (code << 8) | input[at++]!;
      }
      probability = probabilities[index]!;
      bound = Math.imul(range >>> 11, probability);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
        lengths = LENGTH;
        rep3 = rep2;
        rep2 = rep1;
        rep1 = rep0;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probabilities[index] = probability - (probability >> 5);
        index = IS_REP0 + state;
        if (range >>> 0 < RANGE_TOP) {
          range <<= 8;
          code = (code << 8) | input[at++]!;
        }
        probability = probabilities[index]!;
        bound = Math.imul(range >>> 11, probability);
        if (code >>> 0 < bound >>> 0) {
          range = bound;
          probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
          index = IS_REP0_LONG + (state << 4) + positionState;
          if (range >>> 0 < RANGE_TOP) {
            range <<= 8;
            code = (code << 8) | input[at++]!;
          }
          probability = probabilities[index]!;
          bound = Math.imul(range >>> 11, probability);
          if (code >>> 0 < bound >>> 0) {
            // One byte from the last distance.
            range = bound;
            probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
            if (rep0 >= position && !full) throw beforeData();
            state = state < 7 ? 9 : 11;
            length = 1;
            continue;
          }
          range = (range - bound) | 0;
          code = (code - bound) | 0;
          probabilities[index] = probability - (probability >> 5);
        } else {
          range = (range - bound) | 0;
          code = (code - bound) | 0;
          probabilities[index] = probability - (probability >> 5);
          let distance = rep1;
          index = IS_REP1 + state;
          if (range >>> 0 < RANGE_TOP) {
            range <<= 8;
            code = (code << 8) | input[at++]!;
          }
          probability = probabilities[index]!;
          bound = Math.imul(range >>> 11, probability);
          if (code >>> 0 < bound >>> 0) {
            range = bound;
            probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
          } else {
            range = (range - bound) | 0;
            code = (code - bound) | 0;
            probabilities[index] = probability - (probability >> 5);
            distance = rep2;
            index = IS_REP2 + state;
            if (range >>> 0 < RANGE_TOP) {
              range <<= 8;
              code = (code << 8) | input[at++]!;
            }
            probability = probabilities[index]!;
            bound = Math.imul(range >>> 11, probability);
            if (code >>> 0 < bound >>> 0) {
              range = bound;
              probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
            } else {
              range = (range - bound) | 0;
              code = (code - bound) | 0;
              probabilities[index] = probability - (probability >> 5);
              distance = rep3;
              rep3 = rep2;
            }
            rep2 = rep1;
          }
          rep1 = rep0;
          rep0 = distance;
        }
      }

      // The length: three trees of growing size, chosen by two bits.
      let tree = 0;
      let treeEnd = 8;
      let lengthBase = 0;
      index = lengths;
      if (range >>> 0 < RANGE_TOP) {
        range <<= 8;
        code = (code << 8) | input[at++]!;
      }
      probability = probabilities[index]!;
      bound = Math.imul(range >>> 11, probability);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
        tree = lengths + 2 + (positionState << 3);
        lengthBase = 2;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probabilities[index] = probability - (probability >> 5);
        index = lengths + 1;
        if (range >>> 0 < RANGE_TOP) {
          range <<= 8;
          code = (code << 8) | input[at++]!;
        }
        probability = probabilities[index]!;
        bound = Math.imul(range >>> 11, probability);
        if (code >>> 0 < bound >>> 0) {
          range = bound;
          probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
          tree = lengths + 2 + 16 * 8 + (positionState << 3);
          lengthBase = 10;
        } else {
          range = (range - bound) | 0;
          code = (code - bound) | 0;
          probabilities[index] = probability - (probability >> 5);
          tree = lengths + 2 + 16 * 8 + 16 * 8;
          treeEnd = 256;
          lengthBase = 18;
        }
      }
      symbol = 1;
      do {
        index = tree + symbol;
        if (range >>> 0 < RANGE_TOP) {
          range <<= 8;
          code = (code << 8) | input[at++]!;
        }
        probability = probabilities[index]!;
        bound = Math.imul(range >>> 11, probability);
        if (code >>> 0 < bound >>> 0) {
          range = bound;
          probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
          symbol <<= 1;
        } else {
          range = (range - bound) | 0;
          code = (code - bound) | 0;
          probabilities[index] = probability - (probability >> 5);
          symbol = (symbol << 1) | 1;
        }
      } while (symbol < treeEnd);
      length = symbol - treeEnd + lengthBase;

      if (lengths === REP_LENGTH) {
        state = state < 7 ? 8 : 11;
      } else {
        state = state < 7 ? 7 : 10;
        // A new distance: a slot (its two highest bits and how many follow), then direct bits, then modelled ones.
        tree = SLOT + ((length < 6 ? length - 2 : 3) << 6);
        symbol = 1;
        do {
          index = tree + symbol;
          if (range >>> 0 < RANGE_TOP) {
            range <<= 8;
            code = (code << 8) | input[at++]!;
          }
          probability = probabilities[index]!;
          bound = Math.imul(range >>> 11, probability);
          if (code >>> 0 < bound >>> 0) {
            range = bound;
            probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
            symbol <<= 1;
          } else {
            range = (range - bound) | 0;
            code = (code - bound) | 0;
            probabilities[index] = probability - (probability >> 5);
            symbol = (symbol << 1) | 1;
          }
        } while (symbol < 64);
        const slot = symbol - 64;
        if (slot < 4) {
          rep0 = slot;
        } else {
          let bits = (slot >> 1) - 1;
          rep0 = 2 | (slot & 1);
          if (slot < 14) {
            rep0 <<= bits;
            tree = SPECIAL + rep0 - slot;
          } else {
            bits -= 4;
            do {
              if (range >>> 0 < RANGE_TOP) {
                range <<= 8;
                code = (code << 8) | input[at++]!;
              }
              range >>>= 1;
              code = (code - range) | 0;
              const below = code >> 31;
              code = (code + (range & below)) | 0;
              rep0 = ((rep0 << 1) + below + 1) | 0;
            } while (--bits > 0);
            rep0 <<= 4;
            bits = 4;
            tree = ALIGN;
          }
          symbol = 1;
          let value = 1;
          do {
            index = tree + symbol;
            if (range >>> 0 < RANGE_TOP) {
              range <<= 8;
              code = (code << 8) | input[at++]!;
            }
            probability = probabilities[index]!;
            bound = Math.imul(range >>> 11, probability);
            if (code >>> 0 < bound >>> 0) {
              range = bound;
              probabilities[index] = probability + ((MODEL_TOTAL - probability) >> 5);
              symbol <<= 1;
            } else {
              range = (range - bound) | 0;
              code = (code - bound) | 0;
              probabilities[index] = probability - (probability >> 5);
              symbol = (symbol << 1) | 1;
              rep0 |= value;
            }
            value <<= 1;
          } while (--bits > 0);
          if (rep0 === -1) {
            this.ended = true;
            length = 0;
            break;
          }
        }
      }
      // Unsigned: a distance beyond 2^31 is negative here.
      if (rep0 >>> 0 >= dictionaryBytes || (rep0 >= position && !full)) throw beforeData();
    }

    this.#position = position;
    this.inputPosition = at;
    this.#range = range;
    this.#code = code;
    this.#state = state;
    this.#rep0 = rep0;
    this.#rep1 = rep1;
    this.#rep2 = rep2;
    this.#rep3 = rep3;
    this.pending = length;
    return position - begin;
  }
}

function beforeData(): CodecFault {
  return new CodecFault("a match points before the data");
}
