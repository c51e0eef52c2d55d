/**
 * The master's work on the aggregates that it cares for, as passes that a daemon runs in loops, `--once` runs in a row, and
 * `run` drives by itself. Passes of several masters may overlap at will: they can only waste work.
 *
 *   work     admit, send, enter, close: what moves runs forward; woken by "ready"
 *   publish  when a run closed, and every `publishMs` while runs are open
 *   compact, collect   in the background
 */
import { codeOf } from "../shared/errors.ts";
import type { OpenRun } from "../shared/formats/ledger.ts";
import { aggregatesPrefix } from "../shared/names.ts";
import type { MasterContext } from "./context.ts";
import { admitPass } from "./passes/admit.ts";
import { closePass } from "./passes/close.ts";
import { collectPass } from "./passes/collect.ts";
import { compactPass } from "./passes/compact.ts";
import { enterPass } from "./passes/enter.ts";
import { publishPass, type PublishPlace } from "./passes/publish.ts";
import { sendPass } from "./passes/send.ts";
import { SendState } from "./passes/send-state.ts";

export interface MasterOptions {
  /** Only this aggregate; null: all. */
  readonly only: string | null;
  readonly placeOf: (aggregate: string) => PublishPlace;
}

export class Master {
  readonly #context: MasterContext;
  readonly #options: MasterOptions;
  readonly #sends = new SendState();
  /** Monotonic time of the last commit that entered jobs, by plan. */
  readonly #entered = new Map<string, number>();
  /** Monotonic time of the last publication, by aggregate. */
  readonly #published = new Map<string, number>();
  readonly #closedSince = new Set<string>();

  constructor(context: MasterContext, options: MasterOptions) {
    this.#context = context;
    this.#options = options;
  }

  async aggregates(): Promise<string[]> {
    if (this.#options.only !== null) return [this.#options.only];
    const found: string[] = [];
    for await (const page of this.#context.store.list(aggregatesPrefix, { shallow: true })) {
      found.push(...page.prefixes.map((prefix) => prefix.slice(aggregatesPrefix.length, -1)));
    }
    return found;
  }

  /** One pass of what moves runs forward. True when something changed, so that another pass may find more. */
  async work(): Promise<boolean> {
    let changes = await admitPass(this.#context, this.#options.only);
    await this.#forEach(async (aggregate) => {
      changes += await this.#workOn(aggregate);
    });
    return changes > 0;
  }

  async #workOn(aggregate: string): Promise<number> {
    const context = this.#context;
    let base = await context.ledger.read(aggregate);
    if ((base.manifest?.open.length ?? 0) === 0) return 0;
    const entered = await enterPass(context, base, { due: this.#due });
    if (entered > 0) base = await context.ledger.read(aggregate);
    const closed = await closePass(context, base);
    if (closed > 0) {
      this.#closedSince.add(aggregate);
      base = await context.ledger.read(aggregate);
    }
    return entered + closed + (await sendPass(context, this.#sends, base));
  }

  /** What fails in one aggregate keeps no other waiting: the first failure is thrown when all had their turn. */
  async #forEach(act: (aggregate: string) => Promise<unknown>): Promise<void> {
    const failures: unknown[] = [];
    for (const aggregate of await this.aggregates()) {
      try {
        await act(aggregate);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Commits are batched: what is resolved waits for others up to `foldMs` after the last commit, unless nothing of the run is
   * outstanding.
   */
  readonly #due = (run: OpenRun, waiting: number): boolean => {
    const now = this.#context.clock.monotonic();
    const outstanding = run.jobs - run.foldedJobs + run.successors.length;
    const last = this.#entered.get(run.plan);
    if (waiting < outstanding && last !== undefined && now - last < this.#context.timing.foldMs) return false;
    this.#entered.set(run.plan, now);
    return true;
  };

  /**
   * Publishes what is due: after a run closed at once, else every `publishMs`; `always` asks for all. What a `render` throws is
   * the caller's with `always`; else it was logged, and the last pointer stays until the next time.
   */
  async publish(always: boolean): Promise<void> {
    const { clock, timing } = this.#context;
    await this.#forEach(async (aggregate) => {
      const last = this.#published.get(aggregate);
      // Taken before the pass: a run may close while it goes on.
      const closed = this.#closedSince.delete(aggregate);
      if (!always && !closed && last !== undefined && clock.monotonic() - last < timing.publishMs) return;
      try {
        await publishPass(this.#context, this.#options.placeOf(aggregate));
      } catch (error) {
        if (always || codeOf(error) !== "analysis-failed") {
          if (closed) this.#closedSince.add(aggregate);
          throw error;
        }
      }
      this.#published.set(aggregate, clock.monotonic());
    });
  }

  async compact(): Promise<void> {
    await this.#forEach(async (aggregate) => await compactPass(this.#context, aggregate));
  }

  async collect(): Promise<void> {
    await this.#forEach(async (aggregate) => await collectPass(this.#context, aggregate));
  }

  /** Waits for ready messages, up to `waitMs`, and takes them. They only say that a pass of `work` is worth it. */
  async waitForReady(waitMs: number, signal?: AbortSignal): Promise<boolean> {
    const { ready, timing } = this.#context;
    const options = { leaseMs: timing.foldMs, waitMs, ...(signal === undefined ? {} : { signal }) };
    const leases = await ready.lease(readyBatch, options);
    if (leases.length > 0) await ready.acknowledge(leases.map((lease) => lease.handle));
    return leases.length > 0;
  }
}

/** As many as one SQS receive gives. */
const readyBatch = 10;
