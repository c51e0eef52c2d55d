/**
 * Why a run stays in the inbox, written into its entry, so that whoever asks for its status is told. The entry goes with the
 * reason when the run is admitted, refused or cancelled: what was cured shows by the next try, which is every pass.
 *
 *   nothing said --could not be admitted--> said (log, entry) --the same again--> nothing is written, nothing is read
 *                                             |--another code after `recodeMs`, other words after `rewordMs`--> said
 *
 * Two masters do not take turns: each writes what is new to *it*, in the place of the entry that it read, and leaves what another one
 * wrote after that.
 */
import { codeOf, hintOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { parseInboxEntry, type InboxEntry, type Waits } from "../../shared/formats/inbox.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";

/** Errors of one kind name another key, or another request, each time: such words are written so often at most. Before scaling. */
const rewordMs = 300_000;
/** A place that comes and goes fails in several ways in turn. As long as the first hold by the environment. Before scaling. */
const recodeMs = 15_000;

/** A run that could not be admitted in this pass. */
export interface Failed {
  readonly run: string;
  /** Of its inbox entry, as listed. */
  readonly etag: string;
  /** Null: its record could not be read. */
  readonly spec: RunSpec | null;
  readonly error: unknown;
}

interface Said {
  readonly code: string;
  readonly what: string;
  /** Of the entry when it had this, or another master's reason. */
  readonly etag: string;
  /** Monotonic. */
  readonly at: number;
}

/** What one master has said of runs, between its passes. */
export class WaitingRuns {
  readonly #logged = new Map<string, string>();
  readonly #said = new Map<string, Said>();

  /** Says so in the log, once for each reason. */
  log(context: MasterContext, { run, error }: Failed): void {
    const why = messageOf(error);
    if (this.#logged.get(run) !== why) context.log({ event: "run-refused", run, why });
    this.#logged.set(run, why);
  }

  /** Writes it into the run's inbox entry, unless it is there. Throws what the store throws. */
  async write(context: MasterContext, failed: Failed): Promise<void> {
    const { run } = failed;
    const code = codeOf(failed.error) ?? "internal";
    const what = messageOf(failed.error);
    const now = context.clock.monotonic();
    const said = this.#said.get(run);
    const isSaid = said !== undefined && isEnough(said, { code, what, at: now }, context.timing.scale);
    if (isSaid && said.etag === failed.etag) return;
    const stored = await readAll(context.store, inboxKey(run));
    if (stored === null) return;
    const entry = parseInboxEntry(run, stored.bytes);
    const there = entry.waits;
    // It has this reason; or another master's, who found that after we wrote ours.
    const isThere = there !== undefined && (isSaid || (there.code === code && there.what === what));
    let { etag } = stored;
    if (!isThere) {
      const swapped = await context.store.swap(
        inboxKey(run),
        encodeStored(entryOf(failed, entry, stored.storeTime)),
        etag,
      );
      // Somebody wrote it or deleted it in this moment: the next pass looks at what there is.
      if (!swapped.swapped) return;
      ({ etag } = swapped);
    }
    this.#said.set(run, isSaid ? { ...said, etag } : { code, what, etag, at: now });
  }

  /** What is no longer in the inbox, or was admitted, needs no memory. */
  forget(run: string): void {
    this.#logged.delete(run);
    this.#said.delete(run);
  }

  keepOnly(runs: ReadonlySet<string>): void {
    for (const run of [...this.#logged.keys(), ...this.#said.keys()]) if (!runs.has(run)) this.forget(run);
  }
}

/** What was said stands for what is found now. */
function isEnough(said: Omit<Said, "etag">, { code, what, at }: Omit<Said, "etag">, scale: number): boolean {
  if (said.code === code && said.what === what) return true;
  return at - said.at < (said.code === code ? rewordMs : recodeMs) * scale;
}

function entryOf({ run, spec, error }: Failed, before: InboxEntry, storeTime: number): object {
  const aggregate = spec?.aggregate ?? before.aggregate;
  const code = codeOf(error) ?? "internal";
  const waits: Waits = {
    what: messageOf(error),
    where: whereOf(run, spec, error),
    code,
    hint: hintFor(spec, error),
    since: before.waits?.code === code ? before.waits.since : storeTime,
  };
  return { format: 1, run, ...(aggregate === undefined ? {} : { aggregate }), waits };
}

/** The record that its reader named; else what a master looks at to plan the run. */
function whereOf(run: string, spec: RunSpec | null, error: unknown): string {
  const record = error instanceof SpotfoldError ? error.context["record"] : undefined;
  if (typeof record === "string") return record;
  if (spec === null) return runKey(run);
  return `dataset ${spec.dataset.name} in ${spec.dataset.place.replace(/^file:/, "")}`;
}

function hintFor(spec: RunSpec | null, error: unknown): string {
  const { hint } = hintOf(error);
  if (spec === null) return hint ?? "Upgrade the master, if a newer version of Spotfold submitted the run.";
  const tried = "A master tries again by itself; to give it up, cancel the run.";
  return hint === undefined ? tried : `${hint} ${tried}`;
}
