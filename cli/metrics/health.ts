/**
 * What `/healthz` answers: whether a daemon does its work, for a supervisor that starts it again or calls somebody.
 *
 *   starting --its loops run--> ok <--a call came through-- failing (503)      any --told to stop--> draining (503)
 *                               ok --calls fail for a minute, or one is under way for too long--> failing
 *
 * Only what a daemon does again and again is looked at (a master's passes and its lease, a worker's calls of its queue): who has
 * nothing to do is well, and so is a master that stands by. A call that does not come back counts as one that fails, since the
 * ports are patient for minutes; when it was under way for too long and then failed, only one that comes through ends that. A
 * failure that nobody has repeated for long is over: a worker without jobs has no leases to extend.
 */
import { messageOf } from "../../shared/errors.ts";
import { failingMsMin, isFailing } from "../../shared/failing.ts";
import type { Clock } from "../../shared/ports/clock.ts";

/** Before scaling. Longer than the longest back-off of a loop. */
const forgottenMs = 600_000;

export interface ActivityReport {
  readonly name: string;
  readonly state: "ok" | "failing" | "stuck";
  /** In a row. */
  readonly failures: number;
  /** Since the last one that came through; null before the first. */
  readonly succeededSecondsAgo: number | null;
  /** What the last one failed with. */
  readonly message?: string;
}

export interface HealthReport {
  readonly status: "starting" | "ok" | "draining" | "failing";
  readonly daemon: string;
  readonly id: string;
  readonly version: string;
  /** Of a master. */
  readonly role?: "leading" | "standby";
  /** What is wrong, for people; empty when nothing is. */
  readonly why: readonly string[];
  readonly activities: readonly ActivityReport[];
}

export interface HealthOptions {
  readonly daemon: string;
  readonly id: string;
  readonly version: string;
  readonly clock: Clock;
  /** Of `timing`. */
  readonly scale: number;
}

/** Of a master's lease (master/lease.ts). */
export interface WatchedLease {
  readonly role: "leading" | "standby";
  /** For so long it could not be read or renewed, the try that is under way included. */
  readonly failingMs: number;
  /** It was given up because the passes fail, and nobody is known to have taken it. */
  readonly isUnfit: boolean;
}

/** Something that is done again and again. */
class Activity {
  readonly #name: string;
  readonly #stuckMs: number;
  readonly #clock: Clock;
  /** Starts of those that are under way; a pass of a lead that was lost may go on beside the next one's. */
  readonly #underWay = new Set<{ readonly begunAt: number }>();
  #failures = 0;
  #failingSince: number | null = null;
  #failedAt = 0;
  #succeededAt: number | null = null;
  #message = "";
  /** The last that ended was under way for too long, and failed. */
  #wasStuck = false;

  constructor(name: string, stuckMs: number, clock: Clock) {
    this.#name = name;
    this.#stuckMs = stuckMs;
    this.#clock = clock;
  }

  async watch<Result>(act: () => Promise<Result>): Promise<Result> {
    const current = { begunAt: this.#clock.monotonic() };
    this.#underWay.add(current);
    try {
      const result = await act();
      this.#failures = 0;
      this.#failingSince = null;
      this.#wasStuck = false;
      this.#succeededAt = this.#clock.monotonic();
      return result;
    } catch (error) {
      this.#failures++;
      this.#failedAt = this.#clock.monotonic();
      this.#failingSince ??= this.#failedAt;
      this.#message = messageOf(error);
      this.#wasStuck ||= this.#failedAt - current.begunAt > this.#stuckMs;
      throw error;
    } finally {
      this.#underWay.delete(current);
    }
  }

  report({ scale, isIdle }: { readonly scale: number; readonly isIdle: boolean }): ActivityReport {
    const now = this.#clock.monotonic();
    const fails =
      !isIdle &&
      (this.#wasStuck || isFailing({ failures: this.#failures, since: this.#failingSince }, now, scale)) &&
      (this.#underWay.size > 0 || now - this.#failedAt < forgottenMs * scale);
    const isStuck = [...this.#underWay].some(({ begunAt }) => now - begunAt > this.#stuckMs);
    const ago = this.#succeededAt === null ? null : Math.round((now - this.#succeededAt) / 1000);
    return {
      name: this.#name,
      state: isStuck ? "stuck" : fails ? "failing" : "ok",
      failures: this.#failures,
      succeededSecondsAgo: ago,
      ...(this.#failures > 0 ? { message: this.#message } : {}),
    };
  }
}

export class Health {
  readonly #options: HealthOptions;
  readonly #activities = new Map<string, Activity>();
  #lease: WatchedLease | null = null;
  #status: "starting" | "running" | "draining" = "starting";
  #drainingFor = "";

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  started(): void {
    if (this.#status === "starting") this.#status = "running";
  }

  draining(why: string): void {
    this.#status = "draining";
    this.#drainingFor = why;
  }

  /**
   * A master that stands by does nothing but to look at the lease: when it cannot do that, it is of no use. One that leads and
   * cannot renew it cannot write anything else either, and its passes may be long.
   */
  watchLease(lease: WatchedLease): void {
    this.#lease = lease;
  }

  /** Under way for longer than `stuckMs`, it is stuck. Gives what `act` gives. */
  async watch<Result>(name: string, stuckMs: number, act: () => Promise<Result>): Promise<Result> {
    let activity = this.#activities.get(name);
    if (activity === undefined) {
      activity = new Activity(name, stuckMs, this.#options.clock);
      this.#activities.set(name, activity);
    }
    return await activity.watch(act);
  }

  report(): HealthReport {
    const { daemon, id, version, scale } = this.#options;
    const isStandby = this.#lease?.role === "standby";
    // What failed while it led is the affair of the one that leads now, if there is one.
    const isIdle = isStandby && this.#lease?.isUnfit === false;
    const activities = [...this.#activities.values()].map((activity) => activity.report({ scale, isIdle }));
    const flaws = activities
      .filter(({ state }) => state !== "ok")
      .map(({ name, state, message }) => (state === "stuck" ? `${name} does not end` : `${name} fails: ${message}`));
    const isBlind = this.#lease !== null && this.#lease.failingMs >= failingMsMin * scale;
    const why = [
      ...(this.#status === "draining" ? [`it drains: ${this.#drainingFor}`] : []),
      ...(isBlind ? [`the lease cannot be ${isStandby ? "read or taken" : "renewed"}`] : []),
      ...flaws,
    ];
    const role = this.#lease === null ? {} : { role: this.#lease.role };
    return { status: this.#statusOf(why), daemon, id, version, ...role, why, activities };
  }

  #statusOf(why: readonly string[]): HealthReport["status"] {
    if (this.#status !== "running") return this.#status;
    return why.length === 0 ? "ok" : "failing";
  }
}
