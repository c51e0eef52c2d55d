/**
 * The master's work on the aggregates that it cares for, as passes that a daemon runs in loops, `--once` runs in a row, and
 * `run` drives by itself. Passes of several masters may overlap at will: they can only waste work.
 *
 *   work     admit, send, enter, close: what moves runs forward; woken by "ready"
 *   publish  when a run closed, and every `publishMs` while runs are open
 *   compact, collect   in the background
 */
import { codeOf, messageOf } from "../shared/errors.ts";
import type { Manifest, OpenRun } from "../shared/formats/ledger.ts";
import { aggregatesPrefix } from "../shared/names.ts";
import type { MasterContext } from "./context.ts";
import { NewerFormats } from "./newer-formats.ts";
import type { Base } from "./ledger/ledger.ts";
import { admitPass } from "./passes/admit.ts";
import { closePass } from "./passes/close.ts";
import { collectPass } from "./passes/collect.ts";
import { compactPass } from "./passes/compact.ts";
import { deadPass } from "./passes/dead.ts";
import { enterPass } from "./passes/enter.ts";
import { publishPass, type PublishPlace } from "./passes/publish.ts";
import { PublishDue } from "./publish-due.ts";
import { sendPass } from "./passes/send.ts";
import type { Stuck } from "./passes/stuck.ts";
import { SendState } from "./passes/send-state.ts";
import { WaitingRuns } from "./passes/waits.ts";
import { openReady, type ReadyMessages } from "./ready.ts";

export interface MasterOptions {
  /** Only this aggregate; null: all. */
  readonly only: string | null;
  readonly placeOf: (aggregate: string) => PublishPlace;
}

export class Master {
  readonly #context: MasterContext;
  readonly #options: MasterOptions;
  readonly #sends = new SendState();
  readonly #ready: ReadyMessages;
  /** Monotonic time of the last commit that entered jobs, by plan. */
  readonly #entered = new Map<string, number>();
  readonly #publishing: PublishDue;
  /** As listed last. */
  #known: readonly string[] | null = null;
  readonly #newer: NewerFormats;
  /** Aggregates in which entering waits, as it was said. */
  readonly #waiting = new Set<string>();
  /** Partitions that cannot be merged, and why, by aggregate. */
  readonly #stuck = new Map<string, Map<string, Stuck>>();
  /** Why runs stay in the inbox, as it was said. */
  readonly #refused = new WaitingRuns();
  /** Runs that were open in the last pass, by aggregate: when one is closed, what we remember of its plan goes. */
  readonly #open = new Map<string, readonly OpenRun[]>();
  /** Monotonic time of the last look at the dead-letter queue. */
  #deadLook: number | null = null;
  /** What was said of dead messages that are left alone. */
  readonly #deadSaid = new Set<string>();

  constructor(context: MasterContext, options: MasterOptions) {
    this.#context = context;
    this.#ready = openReady(context, options.only);
    this.#options = options;
    this.#newer = new NewerFormats(context.log);
    this.#publishing = new PublishDue(context.clock, context.timing.publishMs);
  }

  /** Runs that were open in the last pass of `work`. */
  get open(): readonly OpenRun[] {
    return [...this.#open.values()].flat();
  }

  async aggregates(): Promise<string[]> {
    if (this.#options.only !== null) return [this.#options.only];
    const found: string[] = [];
    for await (const page of this.#context.store.list(aggregatesPrefix, { shallow: true })) {
      found.push(...page.prefixes.map((prefix) => prefix.slice(aggregatesPrefix.length, -1)));
    }
    this.#known = found;
    return found;
  }

  /** One pass of what moves runs forward. True when something changed, so that another pass may find more. */
  async work(): Promise<boolean> {
    await this.#lookAtDead();
    let changes = await admitPass(this.#context, this.#options.only, this.#refused);
    await this.#forEach("work", async (aggregate) => {
      changes += await this.#workOn(aggregate);
    });
    return changes > 0;
  }

  /** Each look is a request that is paid for: one in `resendMs`. What fails there keeps no run waiting. */
  async #lookAtDead(): Promise<void> {
    const { dead, clock, timing, log } = this.#context;
    const now = clock.monotonic();
    if (dead === null || (this.#deadLook !== null && now - this.#deadLook < timing.resendMs)) return;
    this.#deadLook = now;
    try {
      await deadPass(this.#context, dead, this.#deadSaid);
    } catch (error) {
      log({ event: "queue-failed", what: "dead", message: messageOf(error) });
    }
  }

  async #workOn(aggregate: string): Promise<number> {
    const context = this.#context;
    // The master of one aggregate has nothing else to do: what it cannot read is its failure.
    const newer = this.#options.only === null ? this.#newer : undefined;
    let base = await context.ledger.read(aggregate);
    this.#forgetClosed(aggregate, base.manifest);
    if ((base.manifest?.open.length ?? 0) === 0) return 0;
    const entered = await this.#enter(aggregate, base, newer);
    if (entered > 0) base = await context.ledger.read(aggregate);
    const stuck = this.#stuckIn(aggregate);
    const closed = await closePass(context, base, { stuck, ...(newer === undefined ? {} : { newer }) });
    if (closed > 0) {
      this.#publishing.closed(aggregate);
      base = await context.ledger.read(aggregate);
    }
    return entered + closed + (await sendPass(context, this.#sends, base, newer));
  }

  /** Jobs that were entered, and merges that were made to make room for more. */
  async #enter(aggregate: string, base: Base, newer: NewerFormats | undefined): Promise<number> {
    let waits = false;
    const onWait = (why: string): void => {
      waits = true;
      if (this.#waiting.has(aggregate)) return;
      this.#waiting.add(aggregate);
      this.#context.log({ event: "entering-waits", aggregate, why });
    };
    const entered = await enterPass(this.#context, base, {
      due: this.#due,
      isOver: this.#bound(),
      backlog: { stuck: new Set(this.#stuckIn(aggregate).keys()), onWait },
      ...(newer === undefined ? {} : { newer }),
    });
    if (!waits) {
      this.#waiting.delete(aggregate);
      return entered;
    }
    // A master of all has a loop for it. That of one aggregate has this one, and would else stand still until it publishes.
    return this.#options.only === null ? entered : entered + (await this.#compact(aggregate, this.#bound()));
  }

  #stuckIn(aggregate: string): Map<string, Stuck> {
    const stuck = this.#stuck.get(aggregate) ?? new Map<string, Stuck>();
    this.#stuck.set(aggregate, stuck);
    return stuck;
  }

  async #compact(aggregate: string, isOver: () => boolean): Promise<number> {
    return await compactPass(this.#context, aggregate, { isOver, stuck: this.#stuckIn(aggregate) });
  }

  #forgetClosed(aggregate: string, manifest: Manifest | null): void {
    const open = manifest?.open ?? [];
    const plans = new Set(open.map(({ plan }) => plan));
    for (const { run, plan } of this.#open.get(aggregate) ?? []) {
      if (plans.has(plan)) continue;
      this.#sends.forget(plan);
      this.#entered.delete(plan);
      this.#newer.forget({ aggregate, run, plan });
    }
    if (open.length === 0) this.#open.delete(aggregate);
    else this.#open.set(aggregate, open);
  }

  /**
   * What fails in one aggregate keeps no other waiting: the first failure is thrown when all had their turn. What a newer
   * version wrote is no failure, unless it is all that there is to do.
   */
  async #forEach(
    pass: string,
    act: (aggregate: string) => Promise<unknown>,
    aggregates?: readonly string[],
  ): Promise<void> {
    const failures: unknown[] = [];
    for (const aggregate of aggregates ?? (await this.aggregates())) {
      try {
        if (this.#options.only === null) {
          await this.#newer.guard({ aggregate, part: pass, run: null }, async () => await act(aggregate));
        } else await act(aggregate);
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
   * the caller's with `always`; else it was logged, and the last pointer stays until the next time. Asks the store for nothing
   * while nothing is due: which aggregates there are, the passes of `work` have listed.
   */
  async publish(always: boolean): Promise<void> {
    const publishing = this.#publishing;
    const act = async (aggregate: string): Promise<void> => {
      const failed = publishing.begun(aggregate);
      try {
        await publishPass(this.#context, this.#options.placeOf(aggregate));
      } catch (error) {
        if (always || codeOf(error) !== "analysis-failed") {
          failed();
          throw error;
        }
      }
      publishing.done(aggregate);
    };
    const known = this.#options.only === null ? this.#known : [this.#options.only];
    await this.#forEach("publish", act, always ? undefined : known?.filter((aggregate) => publishing.is(aggregate)));
  }

  /**
   * Merges what is due: all of it for the master of one aggregate, whose caller waits for that. A master of all ends its pass
   * after a while and answers "again" when there may be more: whoever told it to end need not wait for the whole backlog.
   */
  async compact(): Promise<"again" | undefined> {
    let merges = 0;
    await this.#forEach("compact", async (aggregate) => {
      merges += await this.#compact(aggregate, this.#options.only === null ? this.#bound() : () => false);
    });
    return merges > 0 && this.#options.only === null ? "again" : undefined;
  }

  /** Whether `foldMs` are over from now on: a daemon looks at its signals between passes. */
  #bound(): () => boolean {
    const { clock, timing } = this.#context;
    const until = clock.monotonic() + timing.foldMs;
    return () => clock.monotonic() >= until;
  }

  async collect(): Promise<void> {
    await this.#forEach("collect", async (aggregate) => await collectPass(this.#context, aggregate));
  }

  /** Waits for ready messages, up to `waitMs`, and takes them. They only say that a pass of `work` is worth it. */
  async waitForReady(waitMs: number, signal?: AbortSignal): Promise<boolean> {
    return await this.#ready.wait(waitMs, signal);
  }
}
