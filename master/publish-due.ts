/** Which aggregates are to be published now: after a run closed at once, else every `publishMs`. Asks nobody. */
import type { Clock } from "../shared/ports/clock.ts";

export class PublishDue {
  readonly #clock: Clock;
  readonly #everyMs: number;
  /** Monotonic time of the last publication, by aggregate. */
  readonly #published = new Map<string, number>();
  readonly #closedSince = new Set<string>();

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  closed(aggregate: string): void {
    this.#closedSince.add(aggregate);
  }

  is(aggregate: string): boolean {
    const last = this.#published.get(aggregate);
    return this.#closedSince.has(aggregate) || last === undefined || this.#clock.monotonic() - last >= this.#everyMs;
  }

  /** Before a publication: a run may close while it goes on. What is answered is called when it failed: it stays due. */
  begun(aggregate: string): () => void {
    const closed = this.#closedSince.delete(aggregate);
    return () => {
      if (closed) this.#closedSince.add(aggregate);
    };
  }

  done(aggregate: string): void {
    this.#published.set(aggregate, this.#clock.monotonic());
  }
}
