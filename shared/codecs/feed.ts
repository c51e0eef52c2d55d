/** Drives a `Decoding` from chunks that arrive one by one. */
import { BlockInput, type Decoding } from "./input.ts";

export class Feed {
  readonly input = new BlockInput();
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Yields the decoded pieces; returns what the decoding returns. */
  async *run<R>(decoding: Decoding<R>): AsyncGenerator<Uint8Array, R, undefined> {
    for (;;) {
      const step = decoding.next();
      if (step.done === true) return step.value;
      if (step.value !== null) {
        yield step.value;
        continue;
      }
      const chunk = await this.#chunks.next();
      if (chunk.done === true) this.input.close();
      else this.input.give(chunk.value);
    }
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
