/**
 * A simulated process, and what may happen to each of its calls: delayed, its request lost or late, its reply lost, the process
 * killed before the effect or between effect and reply. A killed process never hears an answer again.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import type { Clock, Random } from "../../shared/ports/clock.ts";
import type { Kernel } from "./kernel.ts";

/** Every kind of fault that a seed may bring; the table of the test counts them. */
export const faultKinds = [
  "worker killed before an effect",
  "worker killed after an effect",
  "master killed before an effect",
  "master killed after an effect",
  "request lost",
  "request late",
  "reply lost",
  "process frozen",
  "message duplicated",
  "message lost",
  "queue purged",
  "spot notice",
  "catalog deleted",
  "block corrupt",
  "block gone",
  "block replaced",
  "executor died",
  "out of memory",
  "store outage",
  "access denied",
  "run cancelled",
  "inbox re-created",
  "power lost",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultTables {
  readonly faults: Map<FaultKind, number>;
  /** Calls at which a process was killed, by label: before the effect, and between effect and reply. */
  readonly killedBefore: Map<string, number>;
  readonly killedAfter: Map<string, number>;
  /** All calls, by label. */
  readonly calls: Map<string, number>;
}

export function emptyTables(): FaultTables {
  return { faults: new Map(), killedBefore: new Map(), killedAfter: new Map(), calls: new Map() };
}

export function count<K>(table: Map<K, number>, key: K, by: number = 1): void {
  table.set(key, (table.get(key) ?? 0) + by);
}

export function addTables(sum: FaultTables, more: FaultTables): void {
  for (const [kind, number] of more.faults) count(sum.faults, kind, number);
  for (const name of ["calls", "killedBefore", "killedAfter"] as const) {
    for (const [site, number] of more[name]) count(sum[name], site, number);
  }
}

/** What decides about faults: rates are lowered to nothing when the world is to come to rest. */
export interface Weather {
  readonly tables: FaultTables;
  /** False once the seed's time of faults is over. */
  readonly stormy: boolean;
  /** Calls on their way, oldest first. */
  readonly inFlight: Set<InFlight>;
  /** Kills this process; the world starts another in its place. */
  kill(process: SimProcess): void;
  /** An error that every call of this process gets now (an outage, denied access), or null. */
  climate(process: SimProcess, label: string): SpotfoldError | null;
}

/** A call on its way: what a loss of power makes of it. */
export interface InFlight {
  /** The request has not had its effect: it never will. */
  cancel: (() => void) | null;
  /** It had its effect, and nobody was told that it is durable. */
  undo: (() => void) | null;
  /** From then on it is durable, whether or not anybody heard the reply. */
  syncedAt: number;
}

/** A promise of its own for each wait: a shared one would remember all who ever waited, and their worlds with them. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** Mean of the time to the effect, and of the reply's. */
const latencyMs = 15;
/** How long a caller waits for a lost reply. */
const callTimeoutMs = 5_000;
/** How late a late request's effect may be: past the time-out and past its caller's death. */
const lateMsMax = 60_000;

export class SimProcess {
  readonly name: string;
  readonly role: "worker" | "master" | "submitter";
  readonly kernel: Kernel;
  readonly weather: Weather;
  alive = true;
  #frozenUntil = 0;
  readonly #called = new Set<string>();

  constructor(name: string, role: SimProcess["role"], kernel: Kernel, weather: Weather) {
    this.name = name;
    this.role = role;
    this.kernel = kernel;
    this.weather = weather;
  }

  /** SIGSTOP, a live migration: nothing is heard for so long, the world goes on. */
  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.kernel.now + ms);
  }

  get random(): Random {
    return this.kernel.rng;
  }

  /** Time as this process has it; its sleeps end late when it is frozen, and never when it is dead. */
  readonly clock: Clock = {
    now: () => this.kernel.clock.now(),
    monotonic: () => this.kernel.now,
    sleep: async (ms, signal) => {
      await this.kernel.clock.sleep(ms, signal);
      await this.heard();
    },
  };

  /** Resolves when an answer that is there can be heard: at once, after the thaw, or never. */
  async heard(): Promise<void> {
    while (this.alive && this.kernel.now < this.#frozenUntil)
      await this.kernel.clock.sleep(this.#frozenUntil - this.kernel.now);
    if (!this.alive) await never();
  }

  /** The first call at a place is more likely to be struck, so that rare places are struck as well as frequent ones. */
  #killChance(label: string): number {
    const first = !this.#called.has(label);
    this.#called.add(label);
    if (rarestCalls.test(label)) return 0.15;
    if (rareCalls.test(label) || rareOfMasters.test(`${this.role} ${label}`)) return 0.05;
    return first ? 0.012 : 0.0012;
  }

  /**
   * One call of a port. `effect` happens at one moment of virtual time, at most once. `undoOf`, asked right before, answers
   * how to take a write back that was not synced when the power went.
   */
  async call<T>(label: string, effect: () => T | Promise<T>, undoOf?: () => () => void): Promise<T> {
    if (!this.alive) return await never();
    const { rng } = this.kernel;
    const { tables, stormy } = this.weather;
    const site = `${this.role} ${label}`;
    count(tables.calls, site);
    const denied = this.weather.climate(this, label);
    if (denied !== null) {
      await this.clock.sleep(latencyMs);
      throw denied;
    }
    const kill = stormy && this.role !== "submitter" && rng.chance(this.#killChance(label));
    const killBefore = kill && rng.chance(0.5);
    if (killBefore) {
      count(tables.killedBefore, site);
      count(
        tables.faults,
        this.role === "worker" ? "worker killed before an effect" : "master killed before an effect",
      );
      this.weather.kill(this);
      return await never();
    }
    const trouble =
      stormy && !kill && rng.chance(0.006) ? rng.pick(["request lost", "request late", "reply lost"] as const) : null;
    if (trouble !== null) count(tables.faults, trouble);
    if (trouble === "request lost") {
      await this.clock.sleep(callTimeoutMs);
      throw timeout(label);
    }
    const delayMs = trouble === "request late" ? callTimeoutMs + rng.float() * lateMsMax : rng.latency(latencyMs);
    const flight: InFlight = { cancel: null, undo: null, syncedAt: Infinity };
    // Whoever submits keeps trying until it is done: it is told the truth, also when the power goes meanwhile.
    if (this.role !== "submitter") this.weather.inFlight.add(flight);
    const result = new Promise<T>((resolve, reject) => {
      flight.cancel = this.kernel.after(delayMs, () => {
        // The request was sent: it has its effect even when the caller is dead by now.
        flight.cancel = null;
        flight.undo = undoOf?.() ?? null;
        flight.syncedAt = this.kernel.now + rng.latency(latencyMs);
        Promise.resolve().then(effect).then(resolve, reject);
      });
    });
    // Nobody may be there to hear of it.
    result.catch(() => {});
    if (trouble !== null) {
      await this.clock.sleep(callTimeoutMs);
      throw timeout(label);
    }
    const answer = await result.then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error }),
    );
    if (kill && this.alive) {
      count(tables.killedAfter, site);
      count(tables.faults, this.role === "worker" ? "worker killed after an effect" : "master killed after an effect");
      this.weather.kill(this);
    }
    // A pause between what was written and the commit that names it is what collection must survive.
    if (stormy && this.role === "master" && /^store\.put (coverage|data)$/.test(label) && rng.chance(0.2)) {
      count(tables.faults, "process frozen");
      this.freeze(rng.chance(0.8) ? rng.between(6_000, 20_000) : rng.between(150_000, 300_000));
    }
    await this.clock.sleep(rng.latency(latencyMs));
    this.weather.inFlight.delete(flight);
    if (!answer.ok) throw answer.error;
    return answer.value;
  }
}

/** Calls that a world makes now and then only: struck more often, so that none is spared among 1,000 seeds. */
const rareCalls = /^store\.(delete (?!inbox|manifests)|list workers|get workers|get resolutions|head run|swap hold)/;

/** What workers call all the time, and masters only when jobs are silent. */
const rareOfMasters = /^master store\.list attempts/;

/** Some hundred times among 1,000 seeds. */
const rarestCalls = /^store\.(delete (data|plans|attempts segment)|(get|swap) inbox)$/;

function timeout(label: string): SpotfoldError {
  return new SpotfoldError("timeout", `${label} got no answer`, { retryable: true });
}
