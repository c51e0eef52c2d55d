/**
 * Ending runs: when all is entered, when the deadline is over, or when somebody cancels. What is resolved is entered first;
 * what is not covered then is given back. Cancelling *is* the commit: whoever makes it, a master or the CLI.
 */
import { messageOf } from "../../shared/errors.ts";
import type { ClosedState, OpenRun } from "../../shared/formats/ledger.ts";
import { holdSchema, isHeld, type Hold } from "../../shared/formats/hold.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { holdKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import type { Base } from "../ledger/ledger.ts";
import { isComplete } from "../ledger/operations.ts";
import { enterPass } from "./enter.ts";

/** Failed jobs hold a run when there are so many *and* they are this share of its entered jobs: one bad block is no reason. */
export const failedJobsMin = 20;
export const failedJobsShare = 0.05;

/** Closes what is complete or past its deadline, holds what fails too often. Answers the number of runs closed. */
export async function closePass(context: MasterContext, { manifest, storeTime }: Base): Promise<number> {
  const aggregate = manifest?.aggregate ?? "";
  let closed = 0;
  for (const run of manifest?.open ?? []) {
    if (isComplete(run)) {
      if (await closeRun(context, aggregate, run.run, "finished")) closed++;
      continue;
    }
    const hold = await readRunHold(context, run.run);
    if (isExpired(run, hold, storeTime)) {
      if (await endRun(context, aggregate, run.run, "expired")) closed++;
    } else if (failsTooOften(run) && hold?.kind !== "failures") {
      await holdForFailures(context, run, hold, storeTime);
    }
  }
  return closed;
}

/** Enters what is resolved, closes the run, and tells its workers. False when it was not open. */
export async function endRun(
  context: MasterContext,
  aggregate: string,
  run: string,
  state: Exclude<ClosedState, "finished">,
): Promise<boolean> {
  await enterPass(context, await context.ledger.read(aggregate), { run });
  const open = (await context.ledger.read(aggregate)).manifest?.open.find((candidate) => candidate.run === run);
  // Not admitted yet, or closed already: a hold would outlive its reason and stop the run's workers for ever.
  if (open === undefined) return false;
  const closed = await closeRun(context, aggregate, run, isComplete(open) ? "finished" : state);
  const what = state === "cancelled" ? "the run was cancelled" : "the run's deadline is over";
  await putHold(context, { ...emptyHold(run), kind: "closed", what, where: `aggregate ${aggregate}` }).catch(
    (error: unknown) => {
      // Workers that miss it find their job's run closed only by the waste: nothing depends on it.
      context.log({ event: "run-held", run, kind: "closed", what: messageOf(error) });
    },
  );
  return closed;
}

async function closeRun(context: MasterContext, aggregate: string, run: string, state: ClosedState): Promise<boolean> {
  const closed = await context.ledger.commit(aggregate, (base) => {
    if (base.manifest === null) return { manifest: null, result: false };
    const outcome = context.rules.close(base.manifest, run, state);
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

async function readRunHold(context: MasterContext, run: string): Promise<Hold | null> {
  const blob = await readAll(context.store, holdKey(run));
  return blob === null ? null : parseStored(holdKey(run), blob.bytes, holdSchema);
}

async function holdForFailures(
  context: MasterContext,
  run: OpenRun,
  hold: Hold | null,
  storeTime: number,
): Promise<void> {
  if (hold !== null && hold.kind !== "none" && hold.kind !== "environment") return;
  const what = `${run.failedJobs} of ${run.foldedJobs} jobs failed`;
  await putHold(context, {
    ...emptyHold(run.run),
    kind: "failures",
    what,
    where: `run ${run.run}`,
    hint: `See spotfold logs ${run.run}, mend the analysis, and submit it again.`,
    since: storeTime,
    heldMs: hold?.heldMs ?? 0,
  });
  context.log({ event: "run-held", run: run.run, kind: "failures", what });
}

function emptyHold(run: string): Hold {
  return { format: 1, run, kind: "none", what: "", where: "", hint: "", since: 0, until: 0, times: 1, heldMs: 0 };
}

async function putHold(context: MasterContext, hold: Hold): Promise<void> {
  const before = await context.store.head(holdKey(hold.run));
  await context.store.swap(holdKey(hold.run), encodeStored(hold), before?.etag ?? null);
}
