/**
 * The masters' lease: of several masters on one store one leads and the others stand by. It saves work and nothing else: no
 * commit looks at it, so two that lead at once (for a moment, after a pause) harm nothing.
 *
 *   standing by --no lease, or given up--> taking        leading --renewed, every quarter of `standbyMs`--> leading
 *               --its etag stood still for `standbyMs`--> taking  --renewal fails--> leading (nobody has said otherwise)
 *               --its etag changed--> standing by                 --another's lease is there--> standing by
 *   taking --swapped--> leading                                   --drained--> given up: the next look of a standby finds it
 *          --another was first--> standing by                     --cannot work--> given up, resting: `standbyMs` and a turn
 *                                                        resting --> standing by: takes it again when nobody else did
 *
 * A standby measures with its own monotonic clock how long it has seen the same etag; clocks of two machines are never
 * compared. A master that was paused finds another's lease at its next renewal. A reply that was lost is settled by reading:
 * a lease that names us is ours. What a newer version wrote is watched like any other, and taken when it stands still.
 * Renewals do not depend on passes: a master whose `work` fails for a minute (fitness.ts) leaves the lease to others, and one
 * that is alone has it again after the rest.
 */
import type { DaemonLoop } from "../shared/daemon.ts";
import { messageOf } from "../shared/errors.ts";
import { encodeMasterLease, masterLeaseSchema } from "../shared/formats/lease.ts";
import { parseIfKnown } from "../shared/formats/stored.ts";
import type { StopSignals } from "../shared/loop.ts";
import { masterLeaseKey } from "../shared/names.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import type { Clock } from "../shared/ports/clock.ts";
import { readAll } from "../shared/read-all.ts";
import { Fitness, type Unfitness } from "./fitness.ts";
import { decideLease, type FoundLease, type LeaseReason, type WatchedLease } from "./lease-step.ts";

export type LeaseEvent =
  | {
      readonly event: "master-leading";
      /** Why it was there to be taken. */
      readonly because: LeaseReason | "ours";
      /** Who held it before; null when nobody did, or only a newer version can say. */
      readonly before: string | null;
    }
  | { readonly event: "master-standby"; readonly leader: string | null }
  | { readonly event: "lease-given-up" }
  /** Its `work` fails: it gives the lease up. */
  | ({ readonly event: "master-unfit" } & Unfitness)
  | {
      readonly event: "lease-failed";
      readonly role: LeaseRole;
      readonly message: string;
      /** In a row, this one included. */
      readonly failures: number;
    }
  | {
      readonly event: "lease-recovered";
      readonly role: LeaseRole;
      readonly failures: number;
      readonly afterMs: number;
    };

export type LeaseRole = "leading" | "standby";

/** Renewals and looks in `standbyMs`: three may be lost, and the fourth still comes in time. */
export const turnsPerStandby = 4;

/** A race is lost or won at once; more than this is a store that contradicts itself, and the next turn looks again. */
const triesPerTurnMax = 3;

/**
 * A standby that cannot read its store for so long is of no use: it ends. So does a master whose leads were so long in all, and
 * not one pass of `work` came through in them.
 */
const failingMsMax = 1_800_000;

export interface MasterLeaseOptions {
  /** Unique for each start of a master. */
  readonly id: string;
  readonly store: BlobStore;
  readonly standbyMs: number;
  /** Of `timing`, for what is derived from no other time. */
  readonly scale: number;
  readonly clock: Clock;
  readonly log: (event: LeaseEvent) => void;
}

export class MasterLease implements DaemonLoop {
  readonly name = "lease";
  readonly #options: MasterLeaseOptions;
  readonly #fitness: Fitness;
  /** Its signal aborts when this lead is over. Null: standing by. */
  #lead: AbortController | null = null;
  /** Ends the wait of those who wait for a lead. */
  readonly #waiting = new Set<() => void>();
  #etag = "";
  #watched: WatchedLease | null = null;
  #isToldStandby = false;
  #isUnfit = false;
  #renewal = 0;
  #failures = 0;
  #failingSince: number | null = null;
  /** Monotonic, of the turn in hand: a store that hangs fails nothing for minutes. */
  #begunAt: number | null = null;

  constructor(options: MasterLeaseOptions) {
    this.#options = options;
    this.#fitness = new Fitness(options.clock, options.scale);
  }

  get role(): LeaseRole {
    return this.#lead === null ? "standby" : "leading";
  }

  /** It gave the lease up because its work fails, and has not found anybody who leads since. */
  get isUnfit(): boolean {
    return this.#isUnfit;
  }

  /** For so long no turn has come through, the one in hand included; 0 between two when the last one did. */
  get failingMs(): number {
    const since = this.#failingSince ?? this.#begunAt;
    return since === null ? 0 : this.#options.clock.monotonic() - since;
  }

  /** Until drained; gives a lease that it holds up then. Rejects when a standby cannot look, or a leader not work, for half an hour. */
  async run({ drain, abort }: StopSignals): Promise<void> {
    const { clock } = this.#options;
    const stop = AbortSignal.any([drain, abort]);
    while (!stop.aborted) await clock.sleep(await this.#watchedTurn(), stop);
    if (!abort.aborted && this.#lead !== null) await this.#giveUp();
    this.#endLead("this master ends");
  }

  /** A loop that runs only while this master leads, made anew for each lead. `lost` aborts when the lead is over. */
  whileLeading(name: string, make: (lost: AbortSignal) => DaemonLoop): DaemonLoop {
    return {
      name,
      run: async ({ drain, abort }) => {
        const stop = AbortSignal.any([drain, abort]);
        for (;;) {
          const lost = await this.#untilLeading(stop);
          if (lost === null) return;
          await make(lost).run({ drain: AbortSignal.any([drain, lost]), abort });
        }
      },
    };
  }

  /** One pass of `work`: whether they come through says whether this master may keep the lease. Gives what the pass gives. */
  async watchWork<Result>(pass: () => Promise<Result>): Promise<Result> {
    return await this.#fitness.watch(pass);
  }

  /** Null when stopped before. */
  async #untilLeading(stop: AbortSignal): Promise<AbortSignal | null> {
    while (!stop.aborted) {
      if (this.#lead !== null) return this.#lead.signal;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          stop.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        stop.addEventListener("abort", wake);
      });
    }
    return null;
  }

  /** A turn, which fails once more for each `standbyMs` in which the store does not answer: the ports are patient for minutes. */
  async #watchedTurn(): Promise<number> {
    const { clock, store, standbyMs } = this.#options;
    this.#begunAt = clock.monotonic();
    const answered = new AbortController();
    const slow = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(standbyMs, answered.signal);
        if (answered.signal.aborted || this.#begunAt === null) return;
        const seconds = Math.round((clock.monotonic() - this.#begunAt) / 1_000);
        this.#failed(`${store.name} has not answered for ${seconds} s`, this.#begunAt);
      }
    };
    const telling = slow();
    try {
      return await this.#turn(this.#begunAt);
    } finally {
      answered.abort();
      this.#begunAt = null;
      await telling;
    }
  }

  /** One renewal or look. Answers how long to wait for the next one, ms. */
  async #turn(begunAt: number): Promise<number> {
    const { clock, standbyMs } = this.#options;
    const everyMs = standbyMs / turnsPerStandby;
    const unfitness = this.#lead === null ? null : this.#fitness.unfitness;
    if (unfitness !== null) {
      await this.#stepDown(unfitness);
      // One turn more: where not even the lease could be given up, a standby has found it expired by then.
      return standbyMs + everyMs;
    }
    try {
      // A renewal that failed may have got through: whose the lease is must be read then.
      const isDue = this.#lead !== null;
      if (!isDue || this.#failures > 0) await this.#look();
      if (isDue && this.#lead !== null && !(await this.#renew())) await this.#look();
      this.#recovered();
    } catch (error) {
      this.#failed(messageOf(error), begunAt);
      if (this.#lead === null && this.failingMs >= failingMsMax) throw error;
      return everyMs;
    }
    if (this.#watched === null) return everyMs;
    return Math.max(0, Math.min(everyMs, this.#watched.since + standbyMs - clock.monotonic()));
  }

  /** `since`: when the call began. */
  #failed(message: string, since: number): void {
    this.#failures++;
    this.#failingSince ??= since;
    // Each time twice as rarely: it goes on for as long as the store is away.
    if (!Number.isInteger(Math.log2(this.#failures))) return;
    this.#options.log({ event: "lease-failed", role: this.role, message, failures: this.#failures });
  }

  #recovered(): void {
    if (this.#failingSince === null) return;
    const [failures, afterMs] = [this.#failures, Math.round(this.failingMs)];
    this.#failures = 0;
    this.#failingSince = null;
    this.#options.log({ event: "lease-recovered", role: this.role, failures, afterMs });
  }

  async #renew(): Promise<boolean> {
    const written = await this.#options.store.swap(masterLeaseKey, this.#record(false), this.#etag);
    if (written.swapped) this.#etag = written.etag;
    return written.swapped;
  }

  async #look(): Promise<void> {
    const { id, store, standbyMs, clock } = this.#options;
    let because: LeaseReason | "ours" = "ours";
    let before: string | null = null;
    for (let tries = 0; tries < triesPerTurnMax; tries++) {
      const begunAt = clock.monotonic();
      const found = await this.#read();
      const endedAt = clock.monotonic();
      const step = decideLease({ id, watched: this.#watched, found, begunAt, endedAt, standbyMs });
      if (step.do === "watch") return this.#standBy(step.watched, found?.master ?? null);
      if (step.do === "lead") return this.#startLead(step.etag, because, before);
      ({ because } = step);
      before = found?.master ?? null;
      const taken = await store.swap(masterLeaseKey, this.#record(false), step.expected);
      if (taken.swapped) return this.#startLead(taken.etag, because, before);
    }
  }

  async #read(): Promise<FoundLease | null> {
    const blob = await readAll(this.#options.store, masterLeaseKey);
    if (blob === null) return null;
    const record = parseIfKnown(masterLeaseKey, blob.bytes, masterLeaseSchema);
    return { etag: blob.etag, master: record?.master ?? null, givenUp: record?.givenUp ?? false };
  }

  #record(givenUp: boolean): Uint8Array {
    const { id, clock } = this.#options;
    return encodeMasterLease({ format: 1, master: id, givenUp, renewal: ++this.#renewal, at: clock.now() });
  }

  #startLead(etag: string, because: LeaseReason | "ours", before: string | null): void {
    this.#etag = etag;
    this.#watched = null;
    if (this.#lead !== null) return;
    this.#isToldStandby = false;
    this.#isUnfit = false;
    this.#fitness.begin();
    this.#lead = new AbortController();
    this.#options.log({ event: "master-leading", because, before });
    for (const wake of this.#waiting) wake();
  }

  #standBy(watched: WatchedLease, leader: string | null): void {
    this.#watched = watched;
    this.#isUnfit = false;
    this.#endLead("another master leads");
    if (this.#isToldStandby) return;
    this.#isToldStandby = true;
    this.#options.log({ event: "master-standby", leader });
  }

  #endLead(why: string): void {
    this.#lead?.abort(new Error(why));
    this.#lead = null;
  }

  /** Whoever stands by finds the lease while this master rests. */
  async #stepDown(unfitness: Unfitness): Promise<void> {
    this.#isUnfit = true;
    this.#options.log({ event: "master-unfit", ...unfitness });
    this.#endLead("this master's passes fail");
    await this.#giveUp();
    this.#fitness.end(unfitness, failingMsMax);
  }

  /** When that fails, the lease runs out by itself. */
  async #giveUp(): Promise<void> {
    const { id, store, clock, log } = this.#options;
    try {
      const written = await store.swap(masterLeaseKey, this.#record(true), this.#etag);
      // The reply to our last renewal may have been lost.
      if (!written.swapped) {
        const found = await this.#read();
        if (found?.master !== id || found.givenUp) return;
        await store.swap(masterLeaseKey, this.#record(true), found.etag);
      }
      log({ event: "lease-given-up" });
    } catch (error) {
      this.#failingSince ??= clock.monotonic();
      log({ event: "lease-failed", role: this.role, message: messageOf(error), failures: ++this.#failures });
    }
  }
}
