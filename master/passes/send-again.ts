/**
 * Which jobs are sent again, and when. A lost message costs latency only, and here is where that ends; a doubled one costs a
 * look-up, or a second execution when both are taken at once. The same rules give stragglers a backup copy.
 *
 *   lost    the queue was empty in two looks an interval apart: all jobs that no live worker names
 *   silent  the queue holds something, but the last send is longer ago than it should take: those that also nobody tried of late
 *
 * Nothing of a held run is sent: its messages, if there are any, wander from worker to worker until the hold ends.
 */
import pLimit from "p-limit";
import { isHeld } from "../../shared/formats/hold.ts";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { compareKeys } from "../../shared/keys.ts";
import { liveWorkers } from "../../shared/live-workers.ts";
import { attemptsPrefix, jobId, jobIndex, planAttemptsPrefix } from "../../shared/names.ts";
import type { BlobStore, ListPage } from "../../shared/ports/blob-store.ts";
import { readHold } from "../../shared/read-hold.ts";
import type { MasterContext } from "../context.ts";
import { decodeBitmap, hasBit } from "../ledger/bitmap.ts";
import type { NewerFormats } from "../newer-formats.ts";
import { predictedMs } from "../plan/duration.ts";
import { jobBytesMean } from "../plan/cut.ts";
import type { QueueLook, SendState } from "./send-state.ts";

/** A usual job, once a slot takes it. */
const jobMs = predictedMs({ key: "a block.lzma", size: jobBytesMean });

/**
 * An attempt that began or ended in so many intervals: the job's message may be hidden by a lease of a worker that died, or by a
 * back-off (5 min at most), which must not be cut short: it saves the job's budget.
 */
const attemptIntervals = 10;

/** So many jobs are asked for one by one; for more the attempts of all jobs between them are listed. */
const listedApartMax = 100;
/** Of a longer gap between two of them nothing is listed: so many jobs have a page of attempts. */
const gapJobsMax = 300;
const listsAtOnce = 16;

export type Again = "lost" | "silent" | null;

/** Why the run's jobs may have to be sent again now. */
export async function whyAgain(
  context: MasterContext,
  state: SendState,
  run: OpenRun,
  look: QueueLook,
): Promise<Again> {
  if (state.isLost(run.plan)) return "lost";
  // Whether it stays empty, the next looks tell.
  if (look.visible + look.leased + look.delayed === 0) return null;
  const { resendMs, scale } = context.timing;
  const now = context.clock.monotonic();
  const since = state.sinceSend(run.plan, now);
  if (since < state.patienceMs(run.plan, resendMs, 0)) return null;
  if (state.isTaken(run.plan)) return "silent";
  // What is visible waits for a slot, and ours may be among it. Runs take turns, so that it is not the others' backlog that a job waits for.
  const outstanding = run.jobs - run.foldedJobs + run.successors.length;
  const before = Math.min(look.visible, outstanding * state.plans);
  const slots = await state.slots(now, resendMs, async () => await context.liveSlots());
  const predicted = (before / slots + 1) * jobMs * scale;
  return since >= state.patienceMs(run.plan, resendMs, predicted) ? "silent" : null;
}

/** The jobs of the run that are to be sent again now. */
export async function jobsAgain(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  { again, newer }: { readonly again: Exclude<Again, null>; readonly newer: NewerFormats | undefined },
): Promise<readonly string[]> {
  const { store, timing } = context;
  const held = await readHold(store, run.run);
  if (held !== null && isHeld(held.hold, held.storeTime)) return [];
  const folded = decodeBitmap(run.folded);
  const open = Array.from({ length: run.jobs }, (_, index) => index)
    .filter((index) => !hasBit(folded, index))
    .map(jobId);
  const inHand = await jobsInHand(store, timing.statusMs);
  const due = [...open, ...run.successors].filter(
    (job) => !inHand.has(`${run.plan}/${job}`) && newer?.isLeft(run.plan, job) !== true,
  );
  if (again === "lost" || due.length === 0) return due;
  const tried = await jobsTried(store, {
    aggregate,
    plan: run.plan,
    jobs: due,
    ageMs: attemptIntervals * timing.resendMs,
  });
  return due.filter((job) => !tried.has(job));
}

/**
 * `<plan>/<job>` of every job that a live worker says it has in hand. What a newer worker has in hand, whose status we cannot
 * read, is sent again, which wastes a look-up.
 */
export async function jobsInHand(store: BlobStore, statusMs: number): Promise<ReadonlySet<string>> {
  return new Set((await liveWorkers(store, statusMs)).flatMap(({ status }) => status.jobs));
}

/** Jobs of which an attempt wrote something in the last `ageMs`, of the store's clock: at least those of `jobs`. */
async function jobsTried(
  store: BlobStore,
  {
    aggregate,
    plan,
    jobs,
    ageMs,
  }: { readonly aggregate: string; readonly plan: string; readonly jobs: readonly string[]; readonly ageMs: number },
): Promise<ReadonlySet<string>> {
  const whole = planAttemptsPrefix(aggregate, plan);
  const tried = new Set<string>();
  const look = ({ blobs, storeTime }: ListPage): void => {
    for (const { key, lastModified } of blobs) {
      if (storeTime - lastModified < ageMs) tried.add(key.slice(whole.length).split("/", 1)[0] ?? "");
    }
  };
  const limit = pLimit(listsAtOnce);
  if (jobs.length <= listedApartMax) {
    await limit.map(jobs, async (job) => {
      for await (const page of store.list(attemptsPrefix(aggregate, plan, job), { etags: false })) look(page);
    });
    return tried;
  }
  // A year's plan has attempts by the hundred thousand, of jobs that are entered: only what lies among these is looked at.
  await limit.map(stretches(jobs), async ([first, last]) => {
    for await (const page of store.list(whole, { after: whole + first, etags: false })) {
      look(page);
      // `000042~` is after 000042 and all its successors, and before 000043.
      if (compareKeys(page.blobs.at(-1)?.key ?? "", `${whole}${last}~`) > 0) break;
    }
  });
  return tried;
}

/** First and last of groups of jobs that lie close together. */
function stretches(jobs: readonly string[]): (readonly [first: string, last: string])[] {
  const sorted = jobs.toSorted(compareKeys);
  const ends = sorted.flatMap((job, index) => {
    const next = sorted[index + 1];
    return next !== undefined && jobIndex(next) - jobIndex(job) <= gapJobsMax ? [] : [index];
  });
  return ends.map((end, index) => [sorted[(ends[index - 1] ?? -1) + 1] ?? "", sorted[end] ?? ""]);
}
