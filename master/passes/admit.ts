/**
 * Admission: a run counts from the commit that enters it, with its plan, into the aggregate's ledger; nothing is queued
 * before. The plan is made for exactly the manifest that the commit replaces. If another commit won the swap, plan again: the
 * first plan stays behind under its own name, and nothing names it.
 */
import { codeOf } from "../../shared/errors.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import { parseRun, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { holdKey, inboxKey, inboxPrefix, planKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import { RunRefused } from "../plan/refused.ts";
import { planRows } from "../plan/rows.ts";
import { WaitingRuns } from "./waits.ts";

export type AdmitResult =
  | { readonly admitted: true; readonly jobs: number; readonly blocks: number }
  /** It was admitted before: it is open, or closed. */
  | { readonly admitted: "before" }
  | { readonly admitted: false; readonly why: string };

/**
 * Admits every run in the inbox, or those into the aggregate `only`. An entry is deleted once its run is in the ledger, or
 * refused. Answers how many entries were deleted: what stays is no reason to look again at once. `waiting`: what was said of
 * runs that stay, and why; it is said to the log and to the entry, once.
 */
export async function admitPass(
  context: MasterContext,
  only: string | null = null,
  waiting = new WaitingRuns(),
): Promise<number> {
  const entries: Entry[] = [];
  for await (const page of context.store.list(inboxPrefix)) {
    entries.push(...page.blobs.map(({ key, etag }) => ({ run: key.slice(inboxPrefix.length), etag })));
  }
  let done = 0;
  for (const entry of entries) if (await admitOrSay(context, entry, only, waiting)) done++;
  waiting.keepOnly(new Set(entries.map(({ run }) => run)));
  return done;
}

/** In the inbox. */
interface Entry {
  readonly run: string;
  readonly etag: string;
}

/**
 * Whether the entry is done with. One run that cannot be read (a newer format, say), or whose data cannot, must not keep the
 * others out: it stays in the inbox, with the reason. Should the work store be away, the rest of the pass says so.
 */
async function admitOrSay(
  context: MasterContext,
  { run, etag }: Entry,
  only: string | null,
  waiting: WaitingRuns,
): Promise<boolean> {
  let spec: RunSpec | null = null;
  const listing = new Listing(context);
  try {
    const stored = await readAll(context.store, runKey(run));
    if (stored !== null) {
      spec = parseRun(run, stored.bytes);
      if (only !== null && spec.aggregate !== only) return false;
      await admitOrRefuse(listing.context, spec);
    }
  } catch (error) {
    throwIfOurs(error);
    const failed = { run, etag, spec, error, ofData: listing.failed(error) };
    waiting.log(context, failed);
    // Of a run that it cannot read, the master of one aggregate does not know whether it is one of its own.
    if (spec !== null || only === null) {
      try {
        await waiting.write(context, failed);
      } catch (unwritten) {
        throwIfOurs(unwritten);
      }
    }
    return false;
  }
  return await dropEntry(context, run, waiting);
}

/** The run is in a ledger, refused, or not there. An entry that stays says nothing of it: it is looked at again with each pass. */
async function dropEntry(context: MasterContext, run: string, waiting: WaitingRuns): Promise<boolean> {
  try {
    await context.store.delete([inboxKey(run)]);
  } catch (error) {
    throwIfOurs(error);
    waiting.logUndeleted(context, run, error);
    return false;
  }
  waiting.forget(run);
  return true;
}

/** Knows which error was met while the run's data were listed. */
class Listing {
  readonly context: MasterContext;
  #error: unknown;

  constructor(context: MasterContext) {
    const blocksOf: MasterContext["blocksOf"] = async (spec) => {
      try {
        return await context.blocksOf(spec);
      } catch (error) {
        this.#error = error;
        throw error;
      }
    };
    this.context = { ...context, blocksOf };
  }

  failed(error: unknown): boolean {
    return error === this.#error;
  }
}

/** A bug, or what no code names. */
function throwIfOurs(error: unknown): void {
  if (codeOf(error) === undefined || codeOf(error) === "internal") throw error;
}

async function admitOrRefuse(context: MasterContext, spec: RunSpec): Promise<void> {
  try {
    const result = await planOrRefuse(context, spec);
    if (result.admitted === false) await refuse(context, spec, otherLineage(spec, result.why));
  } catch (error) {
    // It is refused already.
    if (!(error instanceof RunRefused)) throw error;
  }
}

/** Throws `limit` (`RunRefused`) for a run that cannot be planned; it is closed then, and looked at no more. */
export async function admitRun(context: MasterContext, spec: RunSpec): Promise<AdmitResult> {
  try {
    return await planOrRefuse(context, spec);
  } catch (error) {
    if (error instanceof RunRefused) await context.store.delete([inboxKey(spec.run)]);
    throw error;
  }
}

async function planOrRefuse(context: MasterContext, spec: RunSpec): Promise<AdmitResult> {
  try {
    return await planAndAdmit(context, spec);
  } catch (error) {
    if (error instanceof RunRefused) {
      const { message, hint = "" } = error;
      await refuse(context, spec, { what: message, where: `run ${spec.run}`, hint });
    }
    throw error;
  }
}

async function planAndAdmit(context: MasterContext, spec: RunSpec): Promise<AdmitResult> {
  const result = await context.ledger.commit<AdmitResult>(spec.aggregate, async (base) => {
    const state = context.rules.admissible(base.manifest, spec);
    if (state === "open" || state === "closed") return { manifest: null, result: { admitted: "before" } };
    if (state !== "yes") return { manifest: null, result: { admitted: false, why: state.differs } };
    const { store, rules } = context;
    const selected = await context.blocksOf(spec);
    const slots = async (): Promise<number> => await context.liveSlots();
    const { jobs, blocks, body } = await planRows({ store, rules, manifest: base.manifest, spec, selected, slots });
    const plan = `${spec.run}.${context.random.hex(12)}`;
    if (jobs > 0) await context.store.put(planKey(spec.aggregate, plan), body);
    const admission = { spec, plan, jobs, blocks, admittedAt: base.storeTime };
    const admitted = context.rules.admit(base.manifest, admission);
    if (admitted.outcome !== "changed") return { manifest: null, result: { admitted: "before" } };
    return { manifest: admitted.manifest, result: { admitted: true, jobs, blocks } };
  });
  if (result.admitted === true) {
    const { jobs, blocks } = result;
    context.log({ event: "run-admitted", run: spec.run, aggregate: spec.aggregate, jobs, blocks });
  }
  return result;
}

type Refusal = Pick<Hold, "what" | "where" | "hint">;

function otherLineage({ aggregate }: RunSpec, why: string): Refusal {
  return {
    what: `the aggregate ${aggregate} is of another lineage: ${why}`,
    where: `aggregate ${aggregate}`,
    hint: "Choose another name for --into, or submit what the aggregate was made with.",
  };
}

/**
 * The submitter, and whoever asks, finds the reason in the run's hold. Throws what the store throws: a run that left the inbox
 * without a reason would be waited for for ever.
 */
async function refuse(context: MasterContext, spec: RunSpec, refusal: Refusal): Promise<void> {
  const hold: Hold = {
    format: 1,
    run: spec.run,
    kind: "closed",
    ...refusal,
    since: 0,
    until: 0,
    times: 1,
    heldMs: 0,
  };
  await context.store.create(holdKey(spec.run), encodeStored(hold));
  context.log({ event: "run-refused", run: spec.run, why: refusal.what });
}
