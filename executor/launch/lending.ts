/**
 * Answers the decoder of a pass where its blocks lie: each block that it asks for is lent at that moment, by the job's owner. What
 * cannot be lent is answered with a fault, the block's, the machine's or the environment's, and the decoder goes on.
 *
 *   asked --each lent or refused--> answered, in one message
 *         --one lies where this decoder may not read--> `elsewhere`: the pass is begun again with one that may
 *         --one that is none of the pass' blocks--> `misbehaved`
 */
import type { DecoderAnswer } from "../children/protocol.ts";
import type { JobBlock, JobHooks } from "../types.ts";
import { lendFault } from "./causes.ts";
import type { Readable } from "./lend-files.ts";

export interface LendingTerms {
  /** Of the pass, by index. */
  readonly blocks: ReadonlyMap<number, JobBlock>;
  readonly hooks: JobHooks;
  readonly readable: Readable;
  readonly answer: (answers: readonly DecoderAnswer[]) => void;
  readonly elsewhere: () => void;
  readonly misbehaved: () => void;
}

export class Lending {
  readonly #terms: LendingTerms;
  #underWay = 0;

  constructor(terms: LendingTerms) {
    this.#terms = terms;
  }

  /** The decoder waits for an answer. */
  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Never rejects. Resolves when the question is answered, or the decoder is of no use any more. */
  async lend(indices: readonly number[]): Promise<void> {
    this.#underWay++;
    try {
      const answers = await Promise.all(indices.map(async (index) => await this.#lend(index)));
      const sound = answers.filter((answer) => answer !== null);
      if (sound.length === answers.length) this.#terms.answer(sound);
    } finally {
      this.#underWay--;
    }
  }

  /** Null: this decoder is of no use any more. */
  async #lend(index: number): Promise<DecoderAnswer | null> {
    const { blocks, hooks, readable, elsewhere, misbehaved } = this.#terms;
    const block = blocks.get(index);
    if (block === undefined) {
      misbehaved();
      return null;
    }
    try {
      const lent = await hooks.lend(block);
      if (lent.kind === "url" || (await readable.allows(lent.path))) return { block: index, lent };
      elsewhere();
      return null;
    } catch (error) {
      return { block: index, refused: lendFault(index, block.key, error) };
    }
  }
}
