/**
 * `run` as the master of one aggregate: it moves all open runs of it forward until everything that the command selects is
 * settled, whichever run settled it.
 *
 *   driving --selection settled--> settled
 *           --hold by the bundle or by failed jobs--> held (at once); by the environment for `heldMs` --> held
 *           --nothing can be written for `heldMs`--> held
 *           --no worker can be kept alive, or passes fail in a row--> failed
 *           --first interrupt--> draining: the worker ends, what is resolved is entered --> interrupted
 *           --second interrupt--> aborted
 */
import type { MasterContext } from "../../master/context.ts";
import type { Master } from "../../master/master.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import { isHeld, type Hold } from "../../shared/formats/hold.ts";
import type { Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readHold } from "../../shared/read-hold.ts";
import { WakeUps } from "../compose/wake-ups.ts";
import { heldText } from "../held-error.ts";
import type { Interrupts } from "../io.ts";
import type { Crew } from "./crew.ts";
import type { Trouble } from "./trouble.ts";

export type DriveEnd =
  | { readonly how: "settled" | "interrupted" | "aborted" }
  | { readonly how: "held"; readonly hold: Hold }
  | { readonly how: "failed"; readonly error: unknown };

export interface DriveInput {
  readonly context: MasterContext;
  readonly master: Master;
  readonly aggregate: string;
  readonly crew: Crew;
  readonly interrupts: Interrupts;
  readonly trouble: Trouble;
  /** How long the environment may hold a run. */
  readonly heldMs: number;
  /** Whether everything that the command selects is settled in this manifest. */
  readonly isSettled: (manifest: Manifest | null) => Promise<boolean>;
  /** After each pass. */
  readonly onPass: (manifest: Manifest | null) => void;
  readonly say: (line: string) => void;
}

/**
 * The wait for a wake-up: what else may have changed (holds) is looked at after it. It doubles while nothing changes, up to the
 * longest: each look is six requests, and over a bucket a second's look would soon cost as much as the blocks.
 */
const waitMs = 1000;
const waitMsMax = 4000;

/** A pass that fails is tried again; so many in a row are no accident. */
const failuresInRowMax = 8;
const backOffMs = 250;
const backOffMsMax = 15_000;

export async function drive(input: DriveInput): Promise<DriveEnd> {
  const { context, master, aggregate, crew, interrupts, trouble } = input;
  const wake = AbortSignal.any([interrupts.first, crew.failure]);
  const publishing = new Publishing(master, context);
  const wakeUps = new WakeUps({ master, context });
  let failures = 0;
  let nextWaitMs = waitMs;
  let closedSeen = -1;
  /** The store's time at the first look. */
  let from: number | null = null;
  let run = "";
  let holdSaid: string | null = null;
  try {
    for (;;) {
      if (interrupts.second.aborted) return { how: "aborted" };
      if (interrupts.first.aborted) return await drain(input);
      if (crew.failure.aborted) return { how: "failed", error: crew.failure.reason };
      try {
        const changed = await master.work();
        const { manifest, storeTime } = await context.ledger.read(aggregate);
        from ??= storeTime;
        input.onPass(manifest);
        run = manifest?.open[0]?.run ?? run;
        // Looking at the whole selection costs a read of all coverage: only when another run has closed.
        const closed = manifest?.closed.length ?? 0;
        if (closed !== closedSeen && (await input.isSettled(manifest))) return { how: "settled" };
        closedSeen = closed;
        if (!changed) await trouble.look(manifest?.number ?? 0);
        const held = { open: manifest?.open ?? [], heldMs: input.heldMs, from };
        const found = await heldRun(context.store, held);
        const hold = trouble.hold(run, input.heldMs) ?? (found?.ends === true ? found.hold : null);
        if (hold !== null) return { how: "held", hold };
        holdSaid = tellHold(found?.hold ?? null, holdSaid, input.say);
        publishing.due();
        if (!changed) await wakeUps.wait(nextWaitMs, wake);
        nextWaitMs = changed ? waitMs : Math.min(waitMsMax, 2 * nextWaitMs);
        failures = 0;
      } catch (error) {
        if (trouble.note(error)) {
          const hold = trouble.hold(run, input.heldMs);
          if (hold !== null) return { how: "held", hold };
          await context.clock.sleep(waitMs, wake);
          continue;
        }
        failures++;
        if (failures >= failuresInRowMax || isFinal(error)) return { how: "failed", error };
        input.say(`${messageOf(error)}; trying again`);
        await context.clock.sleep(Math.min(backOffMsMax, backOffMs * 2 ** failures), wake);
      }
    }
  } finally {
    await publishing.ended();
  }
}

/** Nothing that another try in a moment would change. */
function isFinal(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === "internal" || code === "limit" || code === "corrupt" || code === "invalid-format" || code === "read-only"
  );
}

async function drain(input: DriveInput): Promise<DriveEnd> {
  const { context, master, aggregate, crew, interrupts } = input;
  input.say("stopping: jobs that are done are kept, the others are given back (once more to stop at once)");
  const second = new Promise<"second">((resolve) => {
    interrupts.second.addEventListener("abort", () => resolve("second"), { once: true });
    if (interrupts.second.aborted) resolve("second");
  });
  const how = await Promise.race([crew.drain(), second]);
  if (how === "second") return { how: "aborted" };
  while (await master.work()) if (interrupts.second.aborted) return { how: "aborted" };
  const { manifest } = await context.ledger.read(aggregate);
  input.onPass(manifest);
  return { how: (await input.isSettled(manifest)) ? "settled" : "interrupted" };
}

export interface HeldInput {
  readonly open: readonly Pick<OpenRun, "run">[];
  /** How long the environment may hold a run. */
  readonly heldMs: number;
  /** The store's time at which the command began to look: what was held before says nothing about a cure since. */
  readonly from: number;
}

export interface HeldRun {
  readonly hold: Hold;
  /** Whether the command ends by it; by the environment's not before it has lasted. */
  readonly ends: boolean;
}

/** The first hold that ends this command, else the first that may. */
export async function heldRun(store: BlobStore, { open, heldMs, from }: HeldInput): Promise<HeldRun | null> {
  let patient: Hold | null = null;
  for (const { run } of open) {
    const found = await readHold(store, run);
    if (found === null || !isHeld(found.hold, found.storeTime)) continue;
    const { hold, storeTime } = found;
    if (hold.kind === "bundle" || hold.kind === "failures") return { hold, ends: true };
    if (hold.kind !== "environment") continue;
    if (storeTime - Math.max(hold.since, from) >= heldMs) return { hold, ends: true };
    patient ??= hold;
  }
  return patient === null ? null : { hold: patient, ends: false };
}

/** Once for what holds the run, however often it is repeated. Answers what was said. */
function tellHold(hold: Hold | null, said: string | null, say: (line: string) => void): string | null {
  if (hold === null || hold.what === said) return said;
  say(`${heldText(hold)}; it goes on by itself once that is cured. ${hold.hint}`);
  return hold.what;
}

/** While a run goes on, what is there is published now and then, beside the passes. */
class Publishing {
  readonly #master: Master;
  readonly #context: MasterContext;
  #last: number;
  #current: Promise<void> | null = null;

  constructor(master: Master, context: MasterContext) {
    this.#master = master;
    this.#context = context;
    this.#last = context.clock.monotonic();
  }

  due(): void {
    const now = this.#context.clock.monotonic();
    if (this.#current !== null || now - this.#last < this.#context.timing.publishMs) return;
    this.#last = now;
    this.#current = this.#publish().finally(() => (this.#current = null));
  }

  async ended(): Promise<void> {
    await this.#current;
  }

  async #publish(): Promise<void> {
    try {
      await this.#master.compact();
      await this.#master.publish(true);
    } catch (error) {
      // The publication at the end is the one that counts, and fails the command.
      this.#context.log({ event: "publish-failed", aggregate: "", message: messageOf(error) });
    }
  }
}
