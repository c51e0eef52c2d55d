/** Unsigned integers as LEB128 (7 bits a byte, low bits first, the high bit says that more follow), and bytes behind a length. */
import { Buffer } from "node:buffer";
import { corrupt } from "./zstd.ts";

const FIRST_CAPACITY_BYTES = 4096;

/** Gathers bytes in memory that grows. */
export class BytesBuilder {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A safe integer, 0 or above. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      // Not by bit operations: those cut to 32 bits.
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Four bytes, the low ones first. */
  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was gathered; a view, valid until more is added. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Reads what `BytesBuilder` wrote; `corrupt` at the end of the bytes and for numbers beyond 2^53. */
export class BytesReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #position = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw corrupt(`${this.#what} is cut off`);
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw corrupt(`${this.#what} holds a number beyond 2^53`);
      if (byte < 0x80) return value;
    }
  }

  uint32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes(4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw corrupt(`${this.#what} is cut off`);
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }
}
