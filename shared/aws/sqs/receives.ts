/**
 * Receives that are under way. SQS may hand a message to a receive at any moment until it has answered, also to one whose
 * caller went away or whose connection was cut: such a message is invisible until its lease ends. So a receive is never cut
 * because its caller's signal aborts: the caller is answered at once, the receive goes on, and what it brings is given back.
 *
 *   under way --answer--> the caller has the messages
 *       |--signal aborts--> left alone --answer--> released
 *       '--queue closes---> left alone --answer within `graceMs`--> released
 *                                      '--else--> cut; what the server hands to it comes back when its lease ends
 */
import type { Clock } from "../../ports/clock.ts";
import type { Lease } from "../../ports/job-queue.ts";

/** Answers that are on their way come within this; whoever ends a process waits no longer. */
const graceMs = 1_000;

export class Receives {
  readonly #clock: Clock;
  readonly #giveBack: (leases: readonly Lease[]) => Promise<unknown>;
  readonly #closing = new AbortController();
  readonly #cut = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  /** `giveBack` is asked for nothing when nothing came; what it fails to give back comes back when its lease ends. */
  constructor(clock: Clock, giveBack: (leases: readonly Lease[]) => Promise<unknown>) {
    this.#clock = clock;
    this.#giveBack = giveBack;
  }

  /**
   * What `receive` gives; empty when the queue closes before. Rejects with the signal's reason when that aborts before.
   * `receive` is told by its own signal when its connection is to be cut.
   */
  async take(receive: (cut: AbortSignal) => Promise<Lease[]>, signal: AbortSignal | undefined): Promise<Lease[]> {
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted) return [];
    const answer = Promise.withResolvers<Lease[]>();
    let left = false;
    const stop = (): void => {
      left = true;
      if (signal?.aborted === true) answer.reject(signal.reason);
      else answer.resolve([]);
    };
    const work = receive(this.#cut.signal)
      .then(async (leases) => {
        if (!left) answer.resolve(leases);
        else if (leases.length > 0) await this.#giveBack(leases);
      })
      // Without effect when the caller was answered: nobody waits for it any more.
      .catch((error: unknown) => answer.reject(error))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    const signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
    for (const each of signals) each.addEventListener("abort", stop);
    try {
      return await answer.promise;
    } finally {
      // A signal often lives as long as the process: a listener left on it for each receive would be a leak.
      for (const each of signals) each.removeEventListener("abort", stop);
    }
  }

  /** Twice is once. */
  async close(): Promise<void> {
    this.#closing.abort();
    const waited = new AbortController();
    await Promise.race([Promise.all(this.#underWay), this.#clock.sleep(graceMs, waited.signal)]);
    waited.abort();
    this.#cut.abort();
    await Promise.all(this.#underWay);
  }
}
