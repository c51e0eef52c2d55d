/** The sample's own chance: the same seed gives the same numbers on every machine (xorshift128, whole numbers only). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `stream` sets numbers of one seed apart, e.g. those of one block. */
  constructor(seed: number, stream: number) {
    this.#a = (seed ^ 0x9e3779b9) | 0;
    this.#b = (stream ^ 0x243f6a88) | 0;
    this.#c = (Math.imul(seed, 0x85ebca6b) ^ Math.floor(seed / 2 ** 32)) | 0;
    this.#d = 0x2545f491;
    // Seeds that differ in one bit only must not begin alike.
    for (let i = 0; i < 20; i++) this.bits();
  }

  /** 32 bits, as a signed number. */
  bits(): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8);
    return this.#d;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return (this.bits() >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** `digits` hexadecimal digits. */
  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += (this.bits() >>> 0).toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }
}
