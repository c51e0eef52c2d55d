/**
 * Admission: a run counts from the commit that enters it, with its plan, into the aggregate's ledger; nothing is queued
 * before. The plan is made for exactly the manifest that the commit replaces. If another commit won the swap, plan again: the
 * first plan stays behind under its own name, and nothing names it.
 */
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { BlockRows } from "../../shared/formats/block-rows.ts";
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import { runSchema, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { holdKey, inboxKey, inboxPrefix, planKey, runKey } from "../../shared/names.ts";
import { planBody } from "../../shared/plan-file.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import { cutPoints, jobCount } from "../plan/cut.ts";
import { mayTakeTooLong } from "../plan/duration.ts";
import { checkDurations, RunRefused } from "../plan/refused.ts";
import { isAsked, planned } from "../plan/select.ts";
import { eachStanding, eachStandingOfTexts, type SeeStanding } from "../plan/standings.ts";

export type AdmitResult =
  | { readonly admitted: true; readonly jobs: number; readonly blocks: number }
  /** It was admitted before: it is open, or closed. */
  | { readonly admitted: "before" }
  | { readonly admitted: false; readonly why: string };

/**
 * Admits every run in the inbox, or those into the aggregate `only`. An entry is deleted once its run is in the ledger, or
 * refused. Answers how many entries were deleted: what stays is no reason to look again at once. `said`: why runs stay there,
 * as it was logged: the same is logged once.
 */
export async function admitPass(
  context: MasterContext,
  only: string | null = null,
  said = new Map<string, string>(),
): Promise<number> {
  const runs: string[] = [];
  for await (const page of context.store.list(inboxPrefix)) {
    runs.push(...page.blobs.map((blob) => blob.key.slice(inboxPrefix.length)));
  }
  let done = 0;
  for (const run of runs) {
    try {
      if (await admitFromInbox(context, run, only)) done++;
      said.delete(run);
    } catch (error) {
      // One run that cannot be read (a newer format, say), or whose data cannot, must not keep the others out. It stays in the
      // inbox. Should the work store be away, the rest of the pass says so.
      if (codeOf(error) === undefined || codeOf(error) === "internal") throw error;
      const why = messageOf(error);
      if (said.get(run) !== why) context.log({ event: "run-refused", run, why });
      said.set(run, why);
    }
  }
  const waiting = new Set(runs);
  for (const run of said.keys()) if (!waiting.has(run)) said.delete(run);
  return done;
}

/** Whether the entry is done with. */
async function admitFromInbox(context: MasterContext, run: string, only: string | null): Promise<boolean> {
  const stored = await readAll(context.store, runKey(run));
  if (stored !== null) {
    const spec = parseStored(runKey(run), stored.bytes, runSchema);
    if (only !== null && spec.aggregate !== only) return false;
    try {
      const result = await admitRun(context, spec);
      if (result.admitted === false) await refuse(context, spec, otherLineage(spec, result.why));
    } catch (error) {
      // It is refused already, and its inbox entry is gone.
      if (!(error instanceof RunRefused)) throw error;
    }
  }
  await context.store.delete([inboxKey(run)]);
  return true;
}

/** Throws `limit` (`RunRefused`) for a run that cannot be planned; it is closed then, and looked at no more. */
export async function admitRun(context: MasterContext, spec: RunSpec): Promise<AdmitResult> {
  try {
    return await planAndAdmit(context, spec);
  } catch (error) {
    if (error instanceof RunRefused) {
      const { message, hint = "" } = error;
      await refuse(context, spec, { what: message, where: `run ${spec.run}`, hint });
      await context.store.delete([inboxKey(spec.run)]);
    }
    throw error;
  }
}

async function planAndAdmit(context: MasterContext, spec: RunSpec): Promise<AdmitResult> {
  const result = await context.ledger.commit<AdmitResult>(spec.aggregate, async (base) => {
    const state = context.rules.admissible(base.manifest, spec);
    if (state === "open" || state === "closed") return { manifest: null, result: { admitted: "before" } };
    if (state !== "yes") return { manifest: null, result: { admitted: false, why: state.differs } };
    const { jobs, blocks, body } = await planRun(context, spec, base.manifest);
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

interface Plan {
  readonly jobs: number;
  readonly blocks: number;
  /** The file, made as it is written: the rows of a million blocks are not held beside it. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The plan of a run for exactly this manifest: its free blocks, cut into pieces. */
async function planRun(context: MasterContext, spec: RunSpec, manifest: Manifest | null): Promise<Plan> {
  const rows = new BlockRows();
  const { retry } = spec;
  const input = {
    store: context.store,
    manifest,
    dataset: spec.dataset.name,
    reprocess: spec.reprocess,
    rule: context.rules.standing,
  };
  const see: SeeStanding = (block, row, standing) => {
    if (standing === "free" && isAsked(retry, row)) rows.add(planned(block, block.partition, row));
  };
  const selected = await context.blocksOf(spec);
  const texts = selected.rowTexts?.();
  if (texts === undefined) await eachStanding({ ...input, blocks: selected }, see);
  else
    await eachStandingOfTexts(texts, input, see, ({ text }) => {
      if (isAsked(retry, undefined)) rows.addText(text);
    });
  // Whatever the catalog does: a block that is planned twice would be counted twice.
  const twice = rows.twice();
  if (twice !== undefined) throw givenTwice(spec, twice);
  const { sizes } = rows;
  if (sizes.some(mayTakeTooLong)) checkDurations([...rows.where((index) => mayTakeTooLong(sizes[index] ?? 0))]);
  const blocks = sizes.length;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const points = cutPoints(rows, jobCount(blocks, bytes, await context.liveSlots()));
  return { jobs: points.length, blocks, body: bodyOf(rows, points) };
}

function givenTwice({ run }: RunSpec, { key, partition }: PlannedBlock): SpotfoldError {
  const message = `The selection of the run ${run} has the block ${JSON.stringify(key)} of ${JSON.stringify(partition)} twice.`;
  return new SpotfoldError("internal", message, { context: { run, key, partition } });
}

function bodyOf(rows: BlockRows, points: readonly number[]): AsyncIterable<Uint8Array> {
  try {
    return planBody(rows, points);
  } catch (error) {
    if (error instanceof SpotfoldError && error.code === "limit") {
      throw new RunRefused(error.message, error.hint ?? "", error);
    }
    throw error;
  }
}

type Refusal = Pick<Hold, "what" | "where" | "hint">;

function otherLineage({ aggregate }: RunSpec, why: string): Refusal {
  return {
    what: `the aggregate ${aggregate} is of another lineage: ${why}`,
    where: `aggregate ${aggregate}`,
    hint: "Choose another name for --into, or submit what the aggregate was made with.",
  };
}

/** The submitter, and whoever asks, finds the reason in the run's hold. */
async function refuse(context: MasterContext, spec: RunSpec, refusal: Refusal): Promise<void> {
  context.log({ event: "run-refused", run: spec.run, why: refusal.what });
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
  try {
    await context.store.create(holdKey(spec.run), encodeStored(hold));
  } catch (error) {
    context.log({ event: "run-refused", run: spec.run, why: `${codeOf(error) ?? ""} ${messageOf(error)}` });
  }
}
