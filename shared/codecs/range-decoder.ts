/**
 * LZMA's range decoder: bits whose probability is learned, alone or in trees, and bits that are not modelled. Small methods on
 * one object: V8 inlines them into the loops that call them (measured: about a tenth slower than one long function without calls).
 *
 * It may read past the end of what was given by as much as a symbol takes: callers leave room behind, and compare `at` afterwards.
 */

/** Bytes that an encoder writes first: a zero and the first four of the code. */
export const rangeStartBytes = 5;

const RANGE_TOP = 0x1000000;
const MODEL_TOTAL = 2048;
const MODEL_INITIAL = 1024;
const MODEL_SHIFT = 5;
const MODEL_BITS = 11;

export class RangeDecoder {
  input: Uint8Array = new Uint8Array(rangeStartBytes);
  /** Where the next byte lies in `input`. */
  at = 0;
  /** Learned probabilities that the next bit at an index is 0, of 2048. */
  probabilities = new Uint16Array(0);
  // Both are unsigned 32-bit numbers, kept as signed ones: JavaScript has no faster ones.
  #range = -1;
  #code = 0;

  /** Forgets what was learned, with room for so many probabilities. */
  resetModel(count: number): void {
    if (this.probabilities.length !== count) this.probabilities = new Uint16Array(count);
    this.probabilities.fill(MODEL_INITIAL);
  }

  /** Starts at `at`. False when the bytes there cannot be a start. */
  start(input: Uint8Array, at: number): boolean {
    this.input = input;
    this.at = at + rangeStartBytes;
    this.#range = -1;
    this.#code = 0;
    for (let n = 1; n < rangeStartBytes; n++) this.#code = (this.#code << 8) | (input[at + n] ?? 0);
    return input[at] === 0;
  }

  /** Ends as an encoder ends: one last shift where it is due; true when nothing is left. */
  finish(): boolean {
    this.#normalize();
    return this.#code === 0;
  }

  #normalize(): void {
    if (this.#range >>> 0 < RANGE_TOP) {
      this.#range <<= 8;
      this.#code = (this.#code << 8) | (this.input[this.at++] ?? 0);
    }
  }

  bit(index: number): number {
    this.#normalize();
    const probability = this.probabilities[index]!;
    const bound = Math.imul(this.#range >>> MODEL_BITS, probability);
    if (this.#code >>> 0 < bound >>> 0) {
      this.#range = bound;
      this.probabilities[index] = probability + ((MODEL_TOTAL - probability) >> MODEL_SHIFT);
      return 0;
    }
    this.#range = (this.#range - bound) | 0;
    this.#code = (this.#code - bound) | 0;
    this.probabilities[index] = probability - (probability >> MODEL_SHIFT);
    return 1;
  }

  /** A number below `size` (a power of two), highest bit first; each bit is modelled by those before it. */
  tree(base: number, size: number): number {
    let symbol = 1;
    do symbol = (symbol << 1) | this.bit(base + symbol);
    while (symbol < size);
    return symbol - size;
  }

  /** The same with the lowest bit first. */
  reverseTree(base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let n = 0; n < bits; n++) {
      const bit = this.bit(base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << n;
    }
    return value;
  }

  /** Bits of even odds, highest first, behind those of `value`. */
  direct(value: number, bits: number): number {
    for (let n = 0; n < bits; n++) {
      this.#normalize();
      this.#range >>>= 1;
      this.#code = (this.#code - this.#range) | 0;
      const below = this.#code >> 31;
      this.#code = (this.#code + (this.#range & below)) | 0;
      value = ((value << 1) + below + 1) | 0;
    }
    return value;
  }
}
