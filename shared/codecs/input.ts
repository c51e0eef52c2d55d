/**
 * How a decoder is written: as a generator that reads from a `BlockInput` and yields decoded pieces. Where it needs bytes that
 * have not come yet it yields null; whoever drives it then gives the next chunk, or says that there is none. So one piece of
 * straight code serves callers that have all bytes at once and callers that wait for them, with chunks cut anywhere.
 */
import { truncated } from "./fault.ts";

/** Yields decoded bytes, or null to ask for more input. Returns R when its part of the format was read. */
export type Decoding<R = void> = Generator<Uint8Array | null, R, undefined>;

const nothing = new Uint8Array(0);

export class BlockInput {
  /** Bytes read so far: where in the block the decoder is. */
  offset = 0;
  #chunk: Uint8Array = nothing;
  #at = 0;
  #closed = false;

  /** Gives the next chunk; the one before must have been used up, which is so whenever the decoder yields null. */
  give(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** No more will come. */
  close(): void {
    this.#closed = true;
  }

  /** What is left of the chunk in hand. It does not count as read: `some` gives it again. */
  inHand(): Uint8Array {
    return this.#chunk.subarray(this.#at);
  }

  /** Some bytes of the input, at least one and at most `bytesMax`, without copying; undefined at its end. They count as read. */
  *some(bytesMax: number): Decoding<Uint8Array | undefined> {
    while (this.#at === this.#chunk.length) {
      if (this.#closed) return undefined;
      yield null;
    }
    const bytes = this.#chunk.subarray(this.#at, this.#at + bytesMax);
    this.#at += bytes.length;
    this.offset += bytes.length;
    return bytes;
  }

  /** `count` bytes as a copy; fewer when the input ends before. */
  *upTo(count: number): Decoding<Buffer> {
    const bytes = Buffer.allocUnsafe(count);
    for (let filled = 0; filled < count;) {
      const part = yield* this.some(count - filled);
      if (part === undefined) return bytes.subarray(0, filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Exactly `count` bytes as a copy; `what` is said when the input ends before. */
  *take(count: number, what: string): Decoding<Buffer> {
    const bytes = yield* this.upTo(count);
    if (bytes.length < count) throw truncated(what);
    return bytes;
  }

  /** One byte, or undefined at the end of the input. */
  *byte(): Decoding<number | undefined> {
    const bytes = yield* this.some(1);
    return bytes?.[0];
  }

  /** True when nothing is left. */
  *atEnd(): Decoding<boolean> {
    while (this.#at === this.#chunk.length) {
      if (this.#closed) return true;
      yield null;
    }
    return false;
  }

  /** Puts back the last `count` bytes that `some` returned from the chunk in hand: a decoder that found its end earlier. */
  unread(count: number): void {
    this.#at -= count;
    this.offset -= count;
  }
}
