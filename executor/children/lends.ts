/**
 * The decoder's questions to its parent: where a block lies. Several small blocks are asked for at once, and ahead: a question and
 * its answer cost as much as decoding one. What is lent is short-lived, so no more is asked for than is read in a moment; a URL
 * that has expired all the same is asked for again.
 */
import type { Lent } from "../../shared/ports/blob-store.ts";
import { SourceFault } from "./block-source.ts";
import type { SourceBlock } from "./block-source.ts";
import type { DecoderAnswer } from "./protocol.ts";

/** Asked for at once, at most: as many blocks, or as many bytes of them. One block is always asked for. */
export const lendsMax = 64;
export const lendBytesMax = 1024 * 1024;

export class Lends {
  readonly #blocks: readonly SourceBlock[];
  readonly #ask: (blocks: readonly number[]) => void;
  readonly #waiting = new Map<number, (answer: DecoderAnswer) => void>();
  readonly #asked = new Map<number, Promise<DecoderAnswer>>();
  /** Position of the first block that was never asked for. */
  #next = 0;

  constructor(blocks: readonly SourceBlock[], ask: (blocks: readonly number[]) => void) {
    this.#blocks = blocks;
    this.#ask = ask;
  }

  answer(answer: DecoderAnswer): void {
    this.#waiting.get(answer.block)?.(answer);
    this.#waiting.delete(answer.block);
  }

  /** Asks ahead, when half of what was asked for is used. */
  ahead(): void {
    if (this.#asked.size > lendsMax / 2) return;
    const asked: number[] = [];
    for (let bytes = 0; this.#next < this.#blocks.length && asked.length < lendsMax; this.#next++) {
      const { index, size } = this.#blocks[this.#next] as SourceBlock;
      bytes += size;
      if (asked.length > 0 && bytes > lendBytesMax) break;
      void this.#wait(index);
      asked.push(index);
    }
    if (asked.length > 0) this.#ask(asked);
  }

  /** What the block is lent as, each time anew. Throws a `SourceFault` when it is refused. */
  async lend({ index }: SourceBlock): Promise<Lent> {
    // Blocks are read in their order: this is the first time that it is asked for.
    if (this.#blocks[this.#next]?.index === index) this.ahead();
    let answer = this.#asked.get(index);
    if (answer === undefined) {
      answer = this.#wait(index);
      this.#ask([index]);
    }
    const given = await answer;
    this.#asked.delete(index);
    if ("lent" in given) return given.lent;
    throw new SourceFault(given.refused);
  }

  #wait(index: number): Promise<DecoderAnswer> {
    const answer = new Promise<DecoderAnswer>((resolve) => this.#waiting.set(index, resolve));
    this.#asked.set(index, answer);
    return answer;
  }
}
