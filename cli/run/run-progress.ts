/** The line about a run that goes on: how far, how fast, how long still, what is missing so far. */
import type { Manifest } from "../../shared/formats/ledger.ts";
import { systemClock } from "../../shared/clock.ts";
import type { Progress } from "../progress/progress.ts";
import { RateMeter } from "../progress/rate.ts";
import { countText, counted, sizeText, timeText } from "../report/lines.ts";
import type { Crew } from "./crew.ts";
import type { SelectionReport } from "./selection.ts";

const tickMs = 250;

export class RunProgress {
  readonly #progress: Progress;
  readonly #crew: Crew;
  readonly #total: { readonly blocks: number; readonly bytes: number };
  readonly #before: number;
  readonly #meter = new RateMeter();
  readonly #timer: NodeJS.Timeout;
  /** Blocks that open runs had entered when this began: they are in `#before`. */
  #enteredBefore: number | null = null;
  #entered = 0;
  #missing = 0;

  constructor(progress: Progress, crew: Crew, before: SelectionReport, aggregate: string) {
    this.#progress = progress;
    this.#crew = crew;
    const { selected, waiting, bytes } = before;
    this.#total = { blocks: selected, bytes: (bytes * waiting) / Math.max(1, selected) };
    this.#before = selected - waiting;
    this.#timer = setInterval(() => this.#show(), tickMs);
    progress.say(`${aggregate}: ${counted(waiting, "block")} to do, about ${sizeText(this.#total.bytes)}`);
  }

  /** What is entered in the ledger counts, whoever did it; what our own worker is at is a little ahead of it. */
  noteManifest(manifest: Manifest | null): void {
    const open = manifest?.open ?? [];
    const entered = open.reduce((sum, { totals }) => sum + totals.covered + totals.missing, 0);
    this.#enteredBefore ??= entered;
    this.#entered = Math.max(this.#entered, entered - this.#enteredBefore);
    this.#missing = open.reduce((sum, { totals }) => sum + totals.missing, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #show(): void {
    const todo = this.#total.blocks - this.#before;
    const ours = this.#crew.progress();
    const done = Math.min(todo, Math.max(this.#entered, ours.blocks));
    const bytes = Math.min(this.#total.bytes, ours.bytes);
    this.#meter.note(systemClock.monotonic(), done, bytes);
    const rate = this.#meter.rate();
    const part = todo === 0 ? 1 : Math.max(done / todo, this.#total.bytes === 0 ? 0 : bytes / this.#total.bytes);
    const words = [
      `${countText(this.#before + done)} of ${counted(this.#total.blocks, "block")}`,
      // All bytes are read before the last block is done.
      `${done === todo ? 100 : Math.min(99, Math.floor(part * 100))} %`,
    ];
    if (rate !== null) {
      words.push(`${rate.blocksPerSecond.toFixed(1)} blocks/s`, `${sizeText(rate.bytesPerSecond)}/s`);
      const leftMs = ((this.#total.bytes - bytes) / rate.bytesPerSecond) * 1000;
      if (leftMs > 0 && done < todo) words.push(`${timeText(leftMs)} left`);
    }
    words.push(this.#missing === 0 ? "none missing" : `${countText(this.#missing)} missing`);
    this.#progress.show(words.join(", "));
  }
}
