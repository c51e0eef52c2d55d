/**
 * Decoders that stay for the next job of a slot: they run no user code, and start each task anew, under a token of its own.
 *
 *   started --task--> at work --said done, and everything else went well--> idle --take()--> at work ...
 *                             --anything else--> killed by whoever took it
 *
 * A decoder may read the files of one folder, that of the data: a job whose blocks lie elsewhere gets one of its own.
 */
import type { Child } from "./child.ts";
import { startDecoder } from "./slot.ts";

export class Decoders {
  readonly #most: number;
  readonly #idle: { readonly decoder: Child; readonly read: string }[] = [];
  #closed = false;

  /** So many may be idle. */
  constructor(most: number) {
    this.#most = most;
  }

  /** One that may read these files or folders; its taker gives it back, or kills it. */
  take(read: readonly string[]): Child {
    const index = this.#idle.findIndex((idle) => idle.read === read.join("\n"));
    const [known] = index < 0 ? [] : this.#idle.splice(index, 1);
    return known?.decoder ?? startDecoder(read);
  }

  /** It has said that its task is done. */
  giveBack(decoder: Child, read: readonly string[]): void {
    if (this.#closed || this.#most === 0) return decoder.kill("finished");
    const idle = { decoder, read: read.join("\n") };
    this.#idle.push(idle);
    if (this.#idle.length > this.#most) this.#idle.shift()?.decoder.kill("finished");
    void decoder.ended.then(() => {
      const index = this.#idle.indexOf(idle);
      if (index >= 0) this.#idle.splice(index, 1);
    });
  }

  /** Kills those that are idle. None stays afterwards. */
  close(): void {
    this.#closed = true;
    for (const { decoder } of this.#idle) decoder.kill("finished");
  }
}
