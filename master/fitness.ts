/**
 * Whether a master that leads can do its work. Its lease is renewed whether or not its passes come through; without this look
 * a master whose disk is full, or who may not list, would lead while a healthy one stands by.
 *
 *   fit --its passes fail three times, for a minute--> unfit --a new lead--> fit, until that one's passes fail for as long
 *
 * A pass that hangs is not counted: its loop bounds it.
 */
import { hintOf, messageOf } from "../shared/errors.ts";
import { isFailing } from "../shared/failing.ts";
import type { Clock } from "../shared/ports/clock.ts";

/** What `work` passes of this lead failed with, all of them since `afterMs`. */
export interface Unfitness {
  readonly failures: number;
  readonly afterMs: number;
  readonly message: string;
  readonly hint?: string;
}

export class Fitness {
  readonly #clock: Clock;
  readonly #scale: number;
  /** In a row, in this lead. */
  #failures = 0;
  #since: number | null = null;
  #error: unknown = null;
  #unfitMs = 0;

  /** `scale`: of `timing`. */
  constructor(clock: Clock, scale: number) {
    this.#clock = clock;
    this.#scale = scale;
  }

  /** A lead begins: what failed before may come through now. */
  begin(): void {
    this.#failures = 0;
    this.#since = null;
  }

  /** One `work` pass. Gives what it gives. */
  async watch<Result>(pass: () => Promise<Result>): Promise<Result> {
    try {
      const result = await pass();
      this.begin();
      this.#unfitMs = 0;
      return result;
    } catch (error) {
      this.#failures++;
      this.#since ??= this.#clock.monotonic();
      this.#error = error;
      throw error;
    }
  }

  /** Null while it is fit. */
  get unfitness(): Unfitness | null {
    const now = this.#clock.monotonic();
    if (!isFailing({ failures: this.#failures, since: this.#since }, now, this.#scale)) return null;
    const afterMs = Math.round(now - (this.#since ?? now));
    return { failures: this.#failures, afterMs, message: messageOf(this.#error), ...hintOf(this.#error) };
  }

  /** A lead ends for want of fitness. Throws the last pass' error when such leads, with no pass done between, were `unfitMsMax` long. */
  end({ afterMs }: Unfitness, unfitMsMax: number): void {
    this.#unfitMs += afterMs;
    if (this.#unfitMs >= unfitMsMax) throw this.#error;
  }
}
