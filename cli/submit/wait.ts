/**
 * `submit --wait`: looks on, while masters and workers do the work, until everything that was selected is settled.
 *
 *   waiting --selection settled--> its report
 *           --hold by the bundle or by failed jobs--> failed at once; by the environment for `heldMs` --> held
 *           --the store cannot be read, takes nothing, or does not answer, for `heldMs`--> held
 *           --refused by a master--> failed
 *           --interrupted--> null: the run goes on without us
 *
 * It never waits in silence: each `tellMs` it says what for. Ports are patient with a server that does not answer, for minutes;
 * its time counts while a look is in hand, too (answering.ts).
 */
import type { Ledger } from "../../master/ledger/ledger.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { isHeld, type Hold } from "../../shared/formats/hold.ts";
import { parseInboxEntry } from "../../shared/formats/inbox.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { liveWorkerIds } from "../../shared/live-workers.ts";
import { headKey, inboxKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock, Random } from "../../shared/ports/clock.ts";
import { readAll } from "../../shared/read-all.ts";
import { readHold } from "../../shared/read-hold.ts";
import { inCallersWords } from "../caller-command.ts";
import { HeldError, heldError, heldText } from "../held-error.ts";
import { commandLine, type Io } from "../io.ts";
import type { Progress } from "../progress/progress.ts";
import { counted, countText } from "../report/lines.ts";
import { heldRun } from "../run/drive.ts";
import type { SelectionReport } from "../run/selection.ts";
import { Trouble } from "../run/trouble.ts";
import { visibleLine } from "../visible.ts";
import { whileAnswering } from "./answering.ts";

/** Between two looks at the head. */
const lookMs = 500;

/** Before scaling. Somebody who waits, or reads the log of a script that does, is told so often what for. */
const tellMs = 60_000;

export interface WaitInput {
  readonly store: BlobStore;
  readonly ledger: Ledger;
  /** What was submitted; null when all of the selection is in runs of others. */
  readonly run: string | null;
  readonly aggregate: string;
  /** Where the run's data lies, for people. */
  readonly place: string;
  readonly timing: { readonly heldMs: number; readonly statusMs: number; readonly scale: number };
  readonly report: (manifest: Manifest | null) => Promise<SelectionReport>;
  readonly io: Io;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly random: Random;
}

/** Null when it was interrupted. Throws `HeldError`, and `lineage-differs` for a run that was refused. */
export async function waitForRun(input: WaitInput): Promise<SelectionReport | null> {
  return await new Waiting(input).untilSettled();
}

class Waiting {
  readonly #input: WaitInput;
  readonly #trouble: Trouble;
  #toldAt: number;
  /** Closed runs when the selection was last looked at: that costs a read of all coverage. */
  #closedSeen = -1;
  /** The store's time at the first look: what was held before says nothing about a cure since. */
  #from: number | null = null;

  constructor(input: WaitInput) {
    const { store, clock, random, progress, timing } = input;
    this.#input = input;
    const say = (line: string): void => progress.say(line);
    this.#trouble = new Trouble({ store, clock, random, scale: timing.scale, say });
    this.#toldAt = clock.monotonic();
  }

  async untilSettled(): Promise<SelectionReport | null> {
    const { io, run, timing, clock } = this.#input;
    for (;;) {
      try {
        const report = await this.#lookedOver();
        if (report !== null) return report;
      } catch (error) {
        if (error instanceof HeldError || !this.#trouble.note(error)) throw error;
      }
      const hold = this.#trouble.hold(run ?? "", timing.heldMs);
      if (hold !== null) this.#endHeld(hold);
      await clock.sleep(lookMs, io.interrupts.first);
      if (io.interrupts.first.aborted) return null;
    }
  }

  /** Null also when it was interrupted. Ends as held while the store does not answer. */
  async #lookedOver(): Promise<SelectionReport | null> {
    const { store, run, aggregate, io, timing, clock, random, progress } = this.#input;
    const ask = async (): Promise<unknown> => await store.head(headKey(aggregate));
    const say = (line: string): void => progress.say(line);
    const over = { ask, say, clock, random, store, timing, interrupted: io.interrupts.first };
    const answered = await whileAnswering(over, run ?? "", async () => await this.#look());
    if (answered.how === "held") this.#endHeld(answered.hold);
    return answered.how === "interrupted" ? null : answered.result;
  }

  /** The report when all is settled. */
  async #look(): Promise<SelectionReport | null> {
    const { store, ledger, run, aggregate, timing, report, progress } = this.#input;
    const { manifest, storeTime } = await ledger.read(aggregate);
    this.#from ??= storeTime;
    const isIn = run === null || (await this.#isAdmitted(manifest, run));
    const closed = manifest?.closed.length ?? 0;
    if (isIn && closed !== this.#closedSeen) {
      const now = await report(manifest);
      if (now.waiting === 0) return now;
      this.#closedSeen = closed;
    }
    const open = [...(manifest?.open ?? []), ...(isIn || run === null ? [] : [{ run }])];
    const held = await heldRun(store, { open, heldMs: timing.heldMs, from: this.#from });
    if (held?.ends === true) this.#endHeld(held.hold);
    await this.#trouble.look(manifest?.number ?? 0);
    progress.show(isIn ? progressText(manifest) : "waiting for a master to admit the run");
    await this.#tell(isIn ? null : run, manifest, open);
    return null;
  }

  #endHeld(hold: Hold): never {
    const { io } = this.#input;
    throw heldError(io, hold, `To wait again: ${commandLine(io, io.words)}`);
  }

  /** Throws when it was refused. */
  async #isAdmitted(manifest: Manifest | null, run: string): Promise<boolean> {
    const { store } = this.#input;
    const known = [...(manifest?.open ?? []), ...(manifest?.closed ?? [])].some((candidate) => candidate.run === run);
    if (known) return true;
    if ((await store.head(inboxKey(run))) !== null) return false;
    const found = await readHold(store, run);
    if (found?.hold.kind !== "closed") return false;
    const { what, hint } = found.hold;
    throw new SpotfoldError("lineage-differs", what, { hint });
  }

  /** `waiting`: the run that no master has admitted. */
  async #tell(waiting: string | null, manifest: Manifest | null, runs: readonly { run: string }[]): Promise<void> {
    const { clock, timing, progress } = this.#input;
    const now = clock.monotonic();
    if (now - this.#toldAt < tellMs * timing.scale) return;
    this.#toldAt = now;
    const held = await this.#heldText(runs);
    progress.say(`still waiting: ${held ?? (await this.#waitingFor(waiting, manifest))}`);
  }

  async #heldText(runs: readonly { run: string }[]): Promise<string | null> {
    const { store, io } = this.#input;
    for (const { run } of runs) {
      const found = await readHold(store, run);
      if (found === null || !isHeld(found.hold, found.storeTime)) continue;
      return visibleLine(inCallersWords(`${heldText(found.hold)}. ${found.hold.hint}`, io.command));
    }
    return null;
  }

  /** Null when no master has tried, or nothing went wrong. */
  async #whyNotAdmitted(run: string): Promise<string | null> {
    const { store, io } = this.#input;
    const entry = await readAll(store, inboxKey(run));
    const waits = entry === null ? undefined : parseInboxEntry(run, entry.bytes).waits;
    if (waits === undefined) return null;
    const { what, where, hint } = waits;
    return visibleLine(inCallersWords(`no master can admit ${run}: ${what} (${where}). ${hint}`, io.command));
  }

  async #waitingFor(waiting: string | null, manifest: Manifest | null): Promise<string> {
    const { store, io, place, timing } = this.#input;
    const running = (command: string): string => `is \`${commandLine(io, [command])}\` running on ${store.name}`;
    if (waiting !== null) {
      const why = await this.#whyNotAdmitted(waiting);
      if (why !== null) return why;
      return `no master has admitted ${waiting} yet: ${running("master")}, and may it read ${visibleLine(place)}?`;
    }
    const workers = await liveWorkerIds(store, timing.statusMs);
    const done = progressText(manifest);
    if (workers.length === 0) return `${done}; no worker is alive: ${running("worker")}?`;
    return `${done}; ${counted(workers.length, "worker is", "workers are")} alive`;
  }
}

function progressText(manifest: Manifest | null): string {
  const open = manifest?.open ?? [];
  const sum = (of: (totals: { covered: number; missing: number }) => number): number =>
    open.reduce((total, { totals }) => total + of(totals), 0);
  const blocks = open.reduce((total, run) => total + run.blocks, 0);
  return `${countText(sum((totals) => totals.covered + totals.missing))} of ${counted(blocks, "block")}, ${countText(sum((totals) => totals.missing))} missing so far`;
}
