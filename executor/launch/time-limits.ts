/**
 * The limits of time in a pass: how long its children may give no sign of life, and when the attempt must be over.
 *
 * No silence is counted while this process lends, for `lendMsMax` at most (lend.ts), or has not given the executor its task, since
 * the attempt is being recorded: then the children wait for us.
 */
import { silenceMsMax } from "./child.ts";

/** How often limits of time are looked at, as a part of the stall limit. */
const watchShare = 10;
const watchMsMax = 1_000;

export interface TimeTerms {
  readonly stallMs: number;
  /** Monotonic ms at which the attempt must be over. */
  readonly deadline: number;
  /** The children wait for us. */
  readonly isWaitedFor: () => boolean;
  /** The bundle is loaded. */
  readonly isLoaded: () => boolean;
  readonly over: (why: "too-long" | "stalled") => void;
}

export class TimeLimits {
  readonly #terms: TimeTerms;
  #lastSign = performance.now();

  constructor(terms: TimeTerms) {
    this.#terms = terms;
  }

  /** A child gave a sign of life, or waits for us no more. */
  sign(): void {
    this.#lastSign = performance.now();
  }

  /** Looks at them until what it answers with is called. */
  watch(): () => void {
    const timer = setInterval(() => this.#look(), Math.min(watchMsMax, this.#terms.stallMs / watchShare));
    return () => clearInterval(timer);
  }

  #look(): void {
    const { stallMs, deadline, isWaitedFor, isLoaded, over } = this.#terms;
    const now = performance.now();
    if (isWaitedFor()) this.#lastSign = now;
    if (now >= deadline) over("too-long");
    else if (now - this.#lastSign >= silenceMsMax(stallMs, isLoaded())) over("stalled");
  }
}
