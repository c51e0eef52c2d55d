/**
 * Reads ahead: a source is started before anybody asks for its chunks, and runs until a bound of bytes waits. So the next
 * block's first bytes are there when the one before ends, and the next frames when the executor takes them. When the reader wants
 * no more, the source is ended: a decoder goes on with other blocks, and an open file or connection would stay.
 */

/** What is read: bytes, or several of them that go together. */
interface Chunk {
  readonly byteLength: number;
}

/** Starts reading at once, until `bytesMax` wait. What the source throws is thrown where its place in the sequence is. */
export function readAhead<T extends Chunk>(source: AsyncGenerator<T>, bytesMax: number): AsyncGenerator<T> {
  const ahead = new Ahead<T>(bytesMax);
  void ahead.fill(source);
  return ahead.read();
}

class Ahead<T extends Chunk> {
  readonly #bytesMax: number;
  readonly #chunks: T[] = [];
  #bytes = 0;
  #end: { readonly error?: unknown } | null = null;
  /** Nobody reads any more. */
  #isLeft = false;
  /** Resolves when something changed; whoever waits looks again. */
  #change = Promise.withResolvers<void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  async fill(source: AsyncGenerator<T>): Promise<void> {
    try {
      for await (const chunk of source) {
        this.#chunks.push(chunk);
        this.#bytes += chunk.byteLength;
        this.#changed();
        while (this.#isFull() && !this.#isLeft) await this.#change.promise;
        if (this.#isLeft) break;
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#changed();
  }

  async *read(): AsyncGenerator<T> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.byteLength;
          this.#changed();
          yield chunk;
        } else if (this.#end === null) {
          await this.#change.promise;
        } else if ("error" in this.#end) {
          throw this.#end.error;
        } else {
          return;
        }
      }
    } finally {
      this.#isLeft = true;
      this.#changed();
    }
  }

  #isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}
