/**
 * What the environment does to a command that waits for a run. Where nothing can be written, a worker cannot write down that
 * it holds the run either: so when nothing is entered for a while, the command looks whether the store takes a small blob,
 * and remembers since when it does not.
 *
 *   well --an error of the environment, or a small write that fails--> in trouble, since then
 *   in trouble --a write that succeeds, and nothing was noted since the look before--> well
 *
 * The small write says nothing of what it does not touch (a queue, a listing): as long as that goes on failing, it is noted
 * again and again, and no write clears it.
 *
 * The worker of a `run` says when the queue gives it nothing:
 *
 *   answered --a lease or a heartbeat fails--> away, since then, or since it last worked on a job --one gets through--> answered
 *            --the worker died--> answered, until the next one says otherwise
 */
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock, Random } from "../../shared/ports/clock.ts";

/** What a person cures while the command waits. A store that was refused, or is read-only, is refused at once. */
export const curableCodes: ReadonlySet<string> = new Set([
  "disk-full",
  "access-denied",
  "no-credentials",
  "clock-skew",
  "store-unavailable",
  "timeout",
]);

const keyDigits = 16;

/** As large as what holds a run: where one does not fit, the other does not. */
const probeBytes = new Uint8Array(1024);

/** Before scaling. Nothing was entered for so long: where jobs are long that is as it should be, else something may be wrong. */
const suspectMs = 10_000;
/** Before scaling. Between two writes while something may be wrong: soon enough to notice a cure. */
const probeEveryMs = 5_000;

type HeldBy = Pick<Hold, "what" | "where" | "code"> & { readonly hint: string | undefined; readonly since: number };

/** What a worker says of a call of the queue that failed. */
export interface QueueFailure {
  readonly message: string;
  readonly hint: string | undefined;
}

export interface TroubleOptions {
  readonly store: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Of all times (`timing.scale`). */
  readonly scale: number;
  readonly say: (line: string) => void;
}

export class Trouble {
  readonly #options: TroubleOptions;
  readonly #key: string;
  #since: number | null = null;
  #error: unknown = null;
  #seen: number | null = null;
  #seenAt: number;
  #probedAt = Number.NEGATIVE_INFINITY;
  /** Somebody noted an error since the last small write. */
  #isNoted = false;
  #queue: (QueueFailure & { readonly since: number }) | null = null;

  constructor(options: TroubleOptions) {
    this.#options = options;
    this.#key = `probe/${options.random.hex(keyDigits)}`;
    this.#seenAt = options.clock.monotonic();
  }

  get present(): boolean {
    return this.#since !== null;
  }

  /** False when the error is not one of the environment that may be cured. `since`: monotonic, of what began before. */
  note(error: unknown, since?: number): boolean {
    if (!this.#note(error, since)) return false;
    this.#isNoted = true;
    return true;
  }

  #note(error: unknown, since?: number): boolean {
    if (!curableCodes.has(codeOf(error) ?? "")) return false;
    if (this.#since === null) {
      this.#since = since ?? this.#options.clock.monotonic();
      this.#options.say(`${messageOf(error)}; waiting until that is cured`);
    }
    this.#error = error;
    return true;
  }

  /**
   * May be called as often as one likes, with the number of the manifest: tries a small write when that has not changed for a
   * while, or in trouble. Errors that are not of the environment are somebody else's to report.
   */
  async look(manifest: number): Promise<void> {
    const { store, clock, scale } = this.#options;
    const now = clock.monotonic();
    if (manifest !== this.#seen) {
      this.#seen = manifest;
      this.#seenAt = now;
    }
    if (!this.present && now - this.#seenAt < suspectMs * scale) return;
    if (now - this.#probedAt < probeEveryMs * scale) return;
    this.#probedAt = now;
    const isQuiet = !this.#isNoted;
    this.#isNoted = false;
    try {
      await store.put(this.#key, probeBytes);
      await store.delete([this.#key]);
      if (!isQuiet || !this.present) return;
      this.#options.say("that is cured; going on");
      this.#since = null;
    } catch (error) {
      this.#note(error);
    }
  }

  queueFailed({ message, hint }: QueueFailure): void {
    if (this.#queue === null) this.#options.say(`${message}; the worker waits until that is cured`);
    this.#queue = { message, hint, since: this.#queue?.since ?? this.#options.clock.monotonic() };
  }

  queueAnswered(): void {
    if (this.#queue !== null) this.#options.say("the queue answers the worker again; going on");
    this.#queue = null;
  }

  /** Nobody knows whether the next worker reaches it. */
  queueUnknown(): void {
    this.#queue = null;
  }

  /** A job in hand moves on, whatever the queue says: the run does not stand still. */
  worked(): void {
    if (this.#queue !== null) this.#queue = { ...this.#queue, since: this.#options.clock.monotonic() };
  }

  /** When it has lasted for `heldMs`: as what holds the run. */
  hold(run: string, heldMs: number): Hold | null {
    return this.#holdByStore(run, heldMs) ?? this.#holdByQueue(run, heldMs);
  }

  #holdByStore(run: string, heldMs: number): Hold | null {
    if (this.#since === null) return null;
    const hint = this.#error instanceof SpotfoldError ? this.#error.hint : undefined;
    const code = codeOf(this.#error);
    const held = { what: messageOf(this.#error), where: "this machine", ...(code === undefined ? {} : { code }), hint };
    return this.#hold(run, heldMs, { ...held, since: this.#since });
  }

  #holdByQueue(run: string, heldMs: number): Hold | null {
    if (this.#queue === null) return null;
    const { message, hint, since } = this.#queue;
    return this.#hold(run, heldMs, { what: message, where: "the worker of this command", hint, since });
  }

  /** `since`: monotonic. */
  #hold(run: string, heldMs: number, { hint, since, ...held }: HeldBy): Hold | null {
    const lasted = this.#options.clock.monotonic() - since;
    if (lasted < heldMs) return null;
    const now = this.#options.clock.now();
    return {
      format: 1,
      run,
      kind: "environment",
      ...held,
      hint: hint ?? "Cure it; the run goes on by itself.",
      since: now - lasted,
      until: now,
      times: 1,
      heldMs: lasted,
    };
  }
}
