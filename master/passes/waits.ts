/**
 * Why a run stays in the inbox, written into its entry, so that whoever asks for its status is told. The entry goes with the
 * reason when the run is admitted, refused or cancelled: what was cured shows by the next try, which is every pass.
 *
 *   nothing known --could not be admitted--> known (log, entry) --the same again--> nothing is written, nothing is read
 *                                              |--another code after `recodeMs`, other words after `rewordMs`--> known
 *                                              |--another wrote the entry--> known: what it says now, for `rewordMs`
 *
 * What is known is what the entry says, whoever wrote it. Two masters that meet different reasons write in turns, one of them in
 * `rewordMs`; when one of them dies, the other's reason is the one that stays. An entry that this version cannot read is a newer one's
 * to write.
 */
import { codeOf, hintOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { parseInboxEntryIfKnown, type InboxEntry, type Waits } from "../../shared/formats/inbox.ts";
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
  /** It was met while the run's data were listed. */
  readonly ofData: boolean;
}

interface Reason {
  readonly code: string;
  readonly what: string;
}

/** What a run's entry says, as it was read or written last. */
interface Known {
  /** Of the entry. */
  readonly etag: string;
  /** Null: what only a newer version can read. */
  readonly reason: Reason | null;
  /** It is what this master found, too, whoever wrote it. */
  readonly ours: boolean;
  /** Monotonic: since when it says so, as far as this master knows. */
  readonly at: number;
}

/** The store that the entry is in, and its clock, ms. */
interface WrittenIn {
  readonly storeName: string;
  readonly storeTime: number;
}

/** What one master has said of runs, between its passes. */
export class WaitingRuns {
  readonly #logged = new Map<string, string>();
  readonly #known = new Map<string, Known>();

  /** Says so in the log, once for each reason. */
  log(context: MasterContext, { run, error }: Failed): void {
    this.#log(context, run, messageOf(error));
  }

  /** The same of an entry that is done with, and is still there. */
  logUndeleted(context: MasterContext, run: string, error: unknown): void {
    this.#log(context, run, `it is done with, and its entry in the inbox stays: ${messageOf(error)}`);
  }

  #log(context: MasterContext, run: string, why: string): void {
    if (this.#logged.get(run) !== why) context.log({ event: "run-refused", run, why });
    this.#logged.set(run, why);
  }

  /** Writes it into the run's inbox entry, unless it is there. Throws what the store throws. */
  async write(context: MasterContext, failed: Failed): Promise<void> {
    const { run } = failed;
    const found = { code: codeOf(failed.error) ?? "internal", what: messageOf(failed.error) };
    const { scale } = context.timing;
    const now = context.clock.monotonic();
    const before = this.#known.get(run);
    if (before?.etag === failed.etag && isEnough(before, found, now, scale)) return;
    const stored = await readAll(context.store, inboxKey(run));
    if (stored === null) return;
    const entry = parseInboxEntryIfKnown(run, stored.bytes);
    if (entry === null) {
      this.#known.set(run, { etag: stored.etag, reason: null, ours: false, at: now });
      return;
    }
    const there = knownOf(entry, stored.etag, before, found, now);
    // Who looks at it for the first time cannot know for how long it has said so: another reason is news.
    const isNews = before === undefined && there?.ours === false;
    if (there !== null && !isNews && isEnough(there, found, now, scale)) {
      this.#known.set(run, there);
      return;
    }
    const bytes = encodeStored(entryOf(failed, entry, { storeName: context.store.name, storeTime: stored.storeTime }));
    const swapped = await context.store.swap(inboxKey(run), bytes, stored.etag);
    // Somebody wrote it or deleted it in this moment: the next pass looks at what there is.
    if (swapped.swapped) this.#known.set(run, { etag: swapped.etag, reason: found, ours: true, at: now });
  }

  /** What is no longer in the inbox, or was admitted, needs no memory. */
  forget(run: string): void {
    this.#logged.delete(run);
    this.#known.delete(run);
  }

  keepOnly(runs: ReadonlySet<string>): void {
    for (const run of [...this.#logged.keys(), ...this.#known.keys()]) if (!runs.has(run)) this.forget(run);
  }
}

/** What an entry says that was read; null: no reason. What it said before, in the same words, it has said since then. */
function knownOf(
  { waits }: InboxEntry,
  etag: string,
  before: Known | undefined,
  found: Reason,
  now: number,
): Known | null {
  if (waits === undefined) return null;
  const reason = { code: waits.code, what: waits.what };
  const isKept = before !== undefined && before.reason !== null && isSame(before.reason, reason);
  return { etag, reason, ours: isSame(reason, found) || (isKept && before.ours), at: isKept ? before.at : now };
}

/** What the entry says stands, though this was found now. */
function isEnough({ reason, ours, at }: Known, found: Reason, now: number, scale: number): boolean {
  if (reason === null || isSame(reason, found)) return true;
  return now - at < (ours && reason.code !== found.code ? recodeMs : rewordMs) * scale;
}

function isSame(a: Reason, b: Reason): boolean {
  return a.code === b.code && a.what === b.what;
}

function entryOf(failed: Failed, before: InboxEntry, { storeName, storeTime }: WrittenIn): object {
  const { run, spec, error } = failed;
  const aggregate = spec?.aggregate ?? before.aggregate;
  const code = codeOf(error) ?? "internal";
  const waits: Waits = {
    what: messageOf(error),
    where: whereOf(failed, storeName),
    code,
    hint: hintFor(spec, error),
    since: before.waits?.code === code ? before.waits.since : storeTime,
  };
  return { ...before, run, ...(aggregate === undefined ? {} : { aggregate }), waits };
}

/** The record that its reader named; else the data where they were met; else what a master looks at in its own store. */
function whereOf({ run, spec, error, ofData }: Failed, storeName: string): string {
  const record = error instanceof SpotfoldError ? error.context["record"] : undefined;
  if (typeof record === "string") return record;
  if (spec === null) return runKey(run);
  const { name, place } = spec.dataset;
  return ofData ? `dataset ${name} in ${place.replace(/^file:/, "")}` : `aggregate ${spec.aggregate} in ${storeName}`;
}

function hintFor(spec: RunSpec | null, error: unknown): string {
  const { hint } = hintOf(error);
  if (spec === null) return hint ?? "Upgrade the master, if a newer version of Spotfold submitted the run.";
  const again = "A master tries again by itself";
  // What only a newer version can read, this one cannot cancel either.
  const tried = codeOf(error) === "invalid-format" ? `${again}.` : `${again}; to give it up, cancel the run.`;
  return hint === undefined ? tried : `${hint} ${tried}`;
}
