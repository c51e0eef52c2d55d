/**
 * The decoder's questions to its parent: where a block lies. Several small blocks are asked for at once, and ahead: a question and
 * its answer cost as much as decoding one. What is lent is short-lived, so no more is asked for than is read in a moment; a URL
 * that has expired all the same is asked for again.
 *
 *   never asked for --ahead() or lend()--> asked, one question open --answered, and taken by lend()--> known
 *   known --lend()--> asked again, by itself
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
  /** Questions whose answers nobody has taken; one for a block at a time. */
  readonly #asked = new Map<number, Promise<DecoderAnswer>>();
  /** Blocks behind `#next` that were asked for by themselves: the one after a small block is opened before it. */
  readonly #early = new Set<number>();
  /** Position of the first block that `ahead` has not come to. */
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
      if (this.#early.delete(index)) continue;
      bytes += size;
      if (asked.length > 0 && bytes > lendBytesMax) break;
      void this.#wait(index);
      asked.push(index);
    }
    if (asked.length > 0) this.#ask(asked);
  }

  /** What the block is lent as, each time anew. Throws a `SourceFault` when it is refused. */
  async lend({ index }: SourceBlock): Promise<Lent> {
    if (this.#blocks[this.#next]?.index === index) this.ahead();
    let answer = this.#asked.get(index);
    if (answer === undefined) {
      if (this.#blocks.slice(this.#next).some((block) => block.index === index)) this.#early.add(index);
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
