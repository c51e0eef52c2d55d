/**
 * Decoders that stay for the next job of a slot: they run no user code, and start each task anew, under a token of its own.
 * After some thousand tasks one is replaced all the same: whatever a process gathers, it ends there.
 *
 *   started --task--> at work --said done--> idle --take()--> at work ...
 *                             --anything else--> killed by whoever took it
 *
 * A decoder may read the files of one folder, that of the data: a job whose blocks lie elsewhere gets one of its own.
 */
import type { Child } from "./child.ts";
import { startDecoder } from "./slot.ts";

/** A start is a thousandth of what they cost. */
const tasksMax = 5_000;

export class Decoders {
  readonly #most: number;
  readonly #tasks = new WeakMap<Child, number>();
  readonly #idle: { readonly decoder: Child; readonly read: string }[] = [];
  #closed = false;

  /** So many may be idle. */
  constructor(most: number) {
    this.#most = most;
  }

  /** One that may read these files or folders; its taker gives it back, or kills it. */
  take(read: readonly string[]): Child {
    const index = this.#idle.findIndex((idle) => idle.read === read.join("\n") && isAlive(idle.decoder));
    const [known] = index < 0 ? [] : this.#idle.splice(index, 1);
    if (known !== undefined) return known.decoder;
    const decoder = startDecoder(read);
    decoder.onEnd(() => this.#forget(decoder));
    return decoder;
  }

  /** It has said that its task is done. */
  giveBack(decoder: Child, read: readonly string[]): void {
    const tasks = (this.#tasks.get(decoder) ?? 0) + 1;
    this.#tasks.set(decoder, tasks);
    if (this.#closed || this.#most === 0 || tasks >= tasksMax) return decoder.kill("finished");
    this.#idle.push({ decoder, read: read.join("\n") });
    if (this.#idle.length > this.#most) this.#idle.shift()?.decoder.kill("finished");
  }

  #forget(decoder: Child): void {
    const index = this.#idle.findIndex((idle) => idle.decoder === decoder);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /**
   * Kills those that are idle, and waits for their end: what they cost is counted for a process that waited for them, and for
   * nobody otherwise. None stays afterwards.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.map(({ decoder }) => decoder);
    for (const decoder of idle) decoder.kill("finished");
    await Promise.all(idle.map(async (decoder) => await decoder.ended));
  }
}

/** One that has just ended is forgotten when all that it said has been read; one that was killed, for its memory, ends in a moment. */
function isAlive({ process: { exitCode, signalCode, killed } }: Child): boolean {
  return !killed && exitCode === null && signalCode === null;
}
