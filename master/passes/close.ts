/**
 * Ending runs: when all is entered, when the deadline is over, or when somebody cancels. What is resolved is entered first;
 * what is not covered then is given back. Cancelling *is* the commit: whoever makes it, a master or the CLI.
 */
import { messageOf } from "../../shared/errors.ts";
import type { ClosedState, OpenRun } from "../../shared/formats/ledger.ts";
import { isHeld, type Hold } from "../../shared/formats/hold.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { MasterContext } from "../context.ts";
import type { Base } from "../ledger/ledger.ts";
import type { NewerFormats } from "../newer-formats.ts";
import { isComplete } from "../ledger/operations.ts";
import { enterPass } from "./enter.ts";
import { emptyHold, mayBeHeld, putHold, readRunHold, type FoundHold } from "./run-hold.ts";
import { fullPartitions, holdIfFeeding, type FullPartitions, type StuckPartitions } from "./stuck.ts";

/** Failed jobs hold a run when there are so many *and* they are this share of its entered jobs: one bad block is no reason. */
export const failedJobsMin = 20;
export const failedJobsShare = 0.05;

/** Each time a worker wrote a hold of its own just then. */
const holdTriesMax = 10;

export interface CloseOptions {
  /** Takes note of runs of which something can only be read by a newer version: they stay open, whatever their deadline. */
  readonly newer?: NewerFormats;
  /** Partitions that cannot be merged: runs that feed one that is full are held. */
  readonly stuck?: StuckPartitions;
}

/** Closes what is complete or past its deadline, holds what fails too often. Answers the number of runs closed. */
export async function closePass(
  context: MasterContext,
  { manifest, storeTime }: Base,
  { newer, stuck }: CloseOptions = {},
): Promise<number> {
  if (manifest === null) return 0;
  const { aggregate } = manifest;
  const full = fullPartitions(manifest, stuck ?? new Map());
  let closed = 0;
  for (const run of manifest.open) {
    const act = async (): Promise<boolean> => await closeIfDue(context, aggregate, run, storeTime, full);
    const part = { aggregate, part: "close", run: run.run };
    if ((newer === undefined ? await act() : await newer.guard(part, act)) === true) closed++;
  }
  return closed;
}

async function closeIfDue(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  storeTime: number,
  full: FullPartitions,
): Promise<boolean> {
  if (isComplete(run)) return await closeRun(context, aggregate, run.run, "finished");
  const found = await readRunHold(context, run.run);
  if (isExpired(run, found.hold, storeTime)) return await endRun(context, aggregate, run.run, "expired");
  if (failsTooOften(run) && found.hold?.kind !== "failures") await holdForFailures(context, run, found, storeTime);
  else await holdIfFeeding(context, aggregate, run, found, full, storeTime);
  return false;
}

/**
 * Cancels a run that no master has admitted: in the ledger and closed by one commit, so that its id is refused for ever. Its entry
 * in the inbox is the caller's, or any master's, to delete. False when it was admitted or closed before.
 */
export async function cancelUnadmitted({ ledger, rules, random }: MasterContext, spec: RunSpec): Promise<boolean> {
  return await ledger.commit(spec.aggregate, ({ manifest: base, storeTime: closedAt }) => {
    const plan = `${spec.run}.${random.hex(12)}`;
    const outcome = rules.closeUnadmitted(base, { spec, plan, closedAt });
    if (outcome.outcome !== "changed") return { manifest: null, result: false };
    return { manifest: outcome.manifest, result: true };
  });
}

/** Enters what is resolved, closes the run, and tells its workers. False when it was not open. */
export async function endRun(
  context: MasterContext,
  aggregate: string,
  run: string,
  state: Exclude<ClosedState, "finished">,
): Promise<boolean> {
  await enterPass(context, await context.ledger.read(aggregate), { run });
  const { manifest } = await context.ledger.read(aggregate);
  const open = manifest?.open.find((candidate) => candidate.run === run);
  if (open === undefined) {
    // Not admitted yet: a hold would outlive its reason and stop the run's workers for ever. Ended early before: whoever did
    // it may have died before its workers were told.
    const before = manifest?.closed.find((candidate) => candidate.run === run)?.state ?? "finished";
    if (before !== "finished") await tellWorkers(context, aggregate, run, before);
    return false;
  }
  const closed = await closeRun(context, aggregate, run, isComplete(open) ? "finished" : state);
  await tellWorkers(context, aggregate, run, state);
  return closed;
}

/** Workers that miss it go on with jobs of a closed run, for nothing: the answer does not depend on it. */
async function tellWorkers(
  context: MasterContext,
  aggregate: string,
  run: string,
  state: Exclude<ClosedState, "finished">,
): Promise<void> {
  const what = state === "cancelled" ? "the run was cancelled" : "the run's deadline is over";
  const closed: Hold = { ...emptyHold(run), kind: "closed", what, where: `aggregate ${aggregate}` };
  try {
    // A worker may hold the run in this moment, for another reason; this one stays.
    for (let tries = 0; tries < holdTriesMax; tries++) {
      const { hold, etag } = await readRunHold(context, run);
      if (hold?.kind === "closed" || (await putHold(context, closed, etag))) return;
    }
  } catch (error) {
    context.log({ event: "run-held", run, kind: "closed", what: messageOf(error) });
  }
}

async function closeRun(context: MasterContext, aggregate: string, run: string, state: ClosedState): Promise<boolean> {
  const closed = await context.ledger.commit(aggregate, (base) => {
    if (base.manifest === null) return { manifest: null, result: false };
    const outcome = context.rules.close(base.manifest, run, state, base.storeTime);
    if (outcome.outcome !== "changed") return { manifest: null, result: false };
    return { manifest: outcome.manifest, result: true };
  });
  if (closed) context.log({ event: "run-closed", run, state });
  return closed;
}

/** All times are the store's; while a run is held its deadline stands still. */
function isExpired(run: OpenRun, hold: Hold | null, storeTime: number): boolean {
  if (hold !== null && isHeld(hold, storeTime)) return false;
  return storeTime - run.admittedAt - (hold?.heldMs ?? 0) > run.deadlineMs;
}

function failsTooOften(run: OpenRun): boolean {
  return run.failedJobs >= failedJobsMin && run.failedJobs >= failedJobsShare * run.foldedJobs;
}

async function holdForFailures(
  context: MasterContext,
  run: OpenRun,
  { hold, etag }: FoundHold,
  storeTime: number,
): Promise<void> {
  if (!mayBeHeld(hold)) return;
  const what = `${run.failedJobs} of ${run.foldedJobs} jobs failed`;
  const failures: Hold = {
    ...emptyHold(run.run),
    kind: "failures",
    what,
    where: `run ${run.run}`,
    hint: `See spotfold logs ${run.run}, mend the analysis, and submit it again.`,
    since: storeTime,
    heldMs: hold?.heldMs ?? 0,
  };
  // Should it have changed meanwhile, the next pass looks again: the run may be cancelled by now.
  if (await putHold(context, failures, etag)) {
    context.log({ event: "run-held", run: run.run, kind: "failures", what });
  }
}
