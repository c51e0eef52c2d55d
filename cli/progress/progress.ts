/**
 * Progress for people, on stderr. On a terminal one line that is written over, at most ten times a second; elsewhere a plain
 * line now and then. Other lines go above the one that is written over.
 */
import type { TextStream } from "../io.ts";
import { visibleLine } from "../visible.ts";

/** Elsewhere than on a terminal: a log that somebody reads later. */
const plainEveryMs = 10_000;
/** Faster than that is flicker. */
const drawEveryMs = 100;

/** Bytes, not text: the terminal is to obey it. */
const eraseLine = Buffer.from("\r\u001b[K");

export class Progress {
  readonly #stream: TextStream;
  readonly #now: () => number;
  #shown = "";
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #lastPlain: number;

  constructor(stream: TextStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#lastPlain = now();
  }

  /** The state of things. May be called as often as one likes. */
  show(line: string): void {
    const now = this.#now();
    if (this.#stream.isTerminal) {
      const fits = visibleLine(line).slice(0, Math.max(1, this.#stream.columns - 1));
      if (now - this.#lastDrawn < drawEveryMs || fits === this.#shown) return;
      this.#lastDrawn = now;
      this.#shown = fits;
      void this.#stream.write(Buffer.concat([eraseLine, Buffer.from(fits)]));
    } else if (now - this.#lastPlain >= plainEveryMs) {
      this.#lastPlain = now;
      void this.#stream.write(`${line}\n`);
    }
  }

  /** A line that stays. */
  say(line: string): void {
    const shown = this.#shown;
    this.clear();
    void this.#stream.write(`${line}\n`);
    if (shown !== "") {
      this.#shown = shown;
      void this.#stream.write(shown);
    }
  }

  /** Takes the line away; what is written next stands in its place. */
  clear(): void {
    if (this.#shown === "") return;
    this.#shown = "";
    void this.#stream.write(eraseLine);
  }
}
