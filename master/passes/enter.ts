/**
 * Folding: every resolved job of an open run is entered into the ledger: its segment, its coverage, its successors, in one
 * commit. "Ready" only wakes this pass; it lists the resolutions of open runs and reads those that are not entered yet. Only
 * jobs of runs that are open in the head are entered, however late others resolve.
 */
import pLimit from "p-limit";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import { UnknownFormat } from "../../shared/formats/stored.ts";
import { coverageKey, jobId, resolutionsPrefix } from "../../shared/names.ts";
import type { MasterContext } from "../context.ts";
import type { Base } from "../ledger/ledger.ts";
import { decodeBitmap, firstMissing } from "../ledger/bitmap.ts";
import { isOtherFormat, type NewerFormats } from "../newer-formats.ts";
import { backlog } from "./backlog.ts";
import { coverageLevelOf } from "./compact.ts";
import { encodeCoverageRows, resolvedJob, type ResolvedJob } from "./entries.ts";
import { JobBlocks, readResolution } from "./job-blocks.ts";

/** Jobs entered by one commit: bounds the coverage segment and the work that a lost race costs. */
export const enterJobsMax = 200;

/** Blocks of the jobs of one commit, about: their rows are held in memory while the coverage segment is made, some KB each. */
const enterBlocksMean = 20_000;

/** Resolutions read at once: each is a request of a few KB. */
const readsAtOnce = 16;

/** Whether a batch that is not full is entered now; asked with the number of resolved jobs that wait. */
export type Patience = (run: OpenRun, waiting: number) => boolean;

export interface EnterOptions {
  /** Of this run only. */
  readonly run?: string;
  /** Default: at once. */
  readonly due?: Patience;
  /** Asked after each commit: true ends the pass, though more may be resolved. Default: it ends when nothing is. */
  readonly isOver?: () => boolean;
  /** Makes entering wait when compaction lags behind. Without it, it does not wait (a run that is ended has to be entered). */
  readonly backlog?: BacklogOptions;
  /** Takes note of jobs whose resolutions are of a newer format. Without it they fail the pass when all others are in. */
  readonly newer?: NewerFormats;
}

export interface BacklogOptions {
  /** Partitions that cannot be merged now: nothing waits for them. */
  readonly stuck: ReadonlySet<string>;
  /** Called when the run's jobs wait. */
  readonly onWait: (why: string) => void;
}

/** Enters what is resolved of the open runs of the aggregate that was read. Answers the number of jobs. */
export async function enterPass(context: MasterContext, base: Base, options: EnterOptions = {}): Promise<number> {
  if (base.manifest === null) return 0;
  const { aggregate, open: runs } = base.manifest;
  let total = 0;
  let failure: { readonly error: unknown } | null = null;
  for (const open of runs) {
    if (options.run !== undefined && open.run !== options.run) continue;
    const left = new Map<string, unknown>();
    total += await enterRun(context, base.manifest, open, options, left);
    for (const [job, error] of left) {
      const part = { aggregate, part: "resolutions", run: open.run, plan: open.plan, job };
      if (options.newer === undefined) failure ??= { error };
      else options.newer.leaveJob(part, error);
    }
  }
  if (failure !== null) throw failure.error;
  return total;
}

/** One commit after the other, until nothing is to be entered. `left`: jobs that only a newer version can read. */
async function enterRun(
  context: MasterContext,
  first: Manifest,
  open: OpenRun,
  { due = () => true, isOver = () => false, backlog: waits, newer }: EnterOptions,
  left: Map<string, unknown>,
): Promise<number> {
  const { plan } = open;
  const { aggregate } = first;
  const atOnce = jobsAtOnce(open);
  const blocks = new JobBlocks(context.store, aggregate, plan);
  let total = 0;
  let manifest: Manifest | null = first;
  for (let run: OpenRun | undefined = open; manifest !== null && run !== undefined;) {
    const why = waits === undefined ? null : backlog(manifest, waits.stuck);
    if (why !== null) {
      waits?.onWait(why);
      break;
    }
    const jobs = await jobsToEnter(
      context,
      aggregate,
      run,
      (job) => left.has(job) || newer?.isLeft(plan, job) === true,
      atOnce,
    );
    if (jobs.length === 0 || (jobs.length < atOnce && !due(run, jobs.length))) break;
    const leftBefore = left.size;
    const resolved = await readJobs(context, aggregate, run, jobs, blocks, left);
    let entered = 0;
    try {
      if (resolved.length > 0) entered = await enterBatch(context, aggregate, run, resolved);
    } catch (error) {
      // The manifest would be too large. Compaction makes room, or another run of its partitions ends.
      if (waits === undefined || codeOf(error) !== "limit") throw error;
      waits.onWait(messageOf(error));
      break;
    }
    total += entered;
    if ((entered === 0 && left.size === leftBefore) || isOver()) break;
    ({ manifest } = await context.ledger.read(aggregate));
    run = openRun(manifest, plan);
  }
  return total;
}

/** One commit. Answers how many of the jobs could still be entered. */
async function enterBatch(
  context: MasterContext,
  aggregate: string,
  first: OpenRun,
  resolved: readonly ResolvedJob[],
): Promise<number> {
  const { plan } = first;
  /** The coverage segment that was written last, with the jobs that it is of. */
  let written: { epoch: number; admitted: string; bytes: Uint8Array; key: string } | null = null;
  const entered = await context.ledger.commit(aggregate, async (base) => {
    const run = openRun(base.manifest, plan);
    if (base.manifest === null || run === undefined) return { manifest: null, result: 0 };
    const fresh = resolved.filter(({ entry }) => context.rules.isEnterable(run, entry.job));
    const rows = fresh.flatMap(({ rows }) => rows);
    const admitted = fresh.map(({ entry }) => entry.job).join(" ");
    if (
      rows.length > 0 &&
      (written === null || written.admitted !== admitted || written.epoch !== base.manifest.epoch)
    ) {
      const bytes = encodeCoverageRows(rows);
      const key = coverageKey(aggregate, context.random.hex(16));
      await context.store.put(key, bytes);
      written = { epoch: base.manifest.epoch, admitted, bytes, key };
    }
    const coverage =
      written === null || rows.length === 0
        ? null
        : {
            key: written.key,
            bytes: written.bytes.length,
            entries: rows.length,
            level: coverageLevelOf(rows.length),
          };
    const outcome = context.rules.enter(
      base.manifest,
      plan,
      fresh.map(({ entry }) => entry),
      coverage,
    );
    if (outcome.outcome !== "changed") return { manifest: null, result: 0 };
    return { manifest: outcome.manifest, result: fresh.length };
  });
  for (const { entry, flaw } of resolved) {
    if (flaw !== null)
      context.log({ event: "resolution-invalid", run: first.run, job: `${plan}/${entry.job}`, why: flaw });
  }
  if (entered > 0) context.log({ event: "jobs-entered", run: first.run, jobs: entered });
  return entered;
}

function openRun(manifest: Manifest | null, plan: string): OpenRun | undefined {
  return manifest?.open.find((candidate) => candidate.plan === plan);
}

/** Jobs that are resolved and may be entered, by a list from the first that is not entered yet. */
export async function jobsToEnter(
  context: Pick<MasterContext, "rules" | "store">,
  aggregate: string,
  run: OpenRun,
  isLeft: (job: string) => boolean,
  atOnce: number,
): Promise<string[]> {
  const jobs: string[] = [];
  const prefix = resolutionsPrefix(aggregate, run.plan);
  const after = lowWaterMark(run);
  const from = after === null ? {} : { after: prefix + after };
  for await (const page of context.store.list(prefix, { ...from, etags: false })) {
    for (const blob of page.blobs) {
      const job = blob.key.slice(prefix.length);
      if (context.rules.isEnterable(run, job) && !isLeft(job)) jobs.push(job);
    }
    if (jobs.length >= atOnce) break;
  }
  return jobs.slice(0, atOnce);
}

/** Jobs entered by one commit: fewer when they have many blocks. */
export function jobsAtOnce({ jobs, blocks }: Pick<OpenRun, "jobs" | "blocks">): number {
  return Math.max(1, Math.min(enterJobsMax, Math.floor((enterBlocksMean * jobs) / Math.max(1, blocks))));
}

async function readJobs(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  jobs: readonly string[],
  blocks: JobBlocks,
  left: Map<string, unknown>,
): Promise<ResolvedJob[]> {
  await blocks.expect(jobs);
  const limit = pLimit(readsAtOnce);
  const read = async (job: string): Promise<ResolvedJob | null> => {
    try {
      return await readResolved(context, aggregate, run, job, blocks);
    } catch (error) {
      if (!isOtherFormat(error)) throw error;
      left.set(job, error);
      return null;
    }
  };
  const resolved = await Promise.all(jobs.map(async (job) => await limit(async () => await read(job))));
  return resolved.filter((entry) => entry !== null);
}

async function readResolved(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  job: string,
  jobBlocks: JobBlocks,
): Promise<ResolvedJob | null> {
  const blocks = await jobBlocks.of(job);
  if (blocks === null) return null;
  try {
    const resolution = await readResolution(context.store, aggregate, run.plan, job);
    return resolution === null ? null : resolvedJob(run, job, blocks, resolution, context.rules.resolutionFlaw);
  } catch (error) {
    // Unreadable for ever: it can never be replaced. One of a newer format is left to newer masters.
    if (error instanceof UnknownFormat || codeOf(error) !== "invalid-format") throw error;
    return resolvedJob(run, job, blocks, null, context.rules.resolutionFlaw);
  }
}

/** All jobs up to here are entered, and all their successors; null: none is. */
function lowWaterMark(run: OpenRun): string | null {
  const first = firstMissing(decodeBitmap(run.folded), run.jobs);
  const open = run.successors.map((job) => Number(job.slice(0, 6)));
  const low = Math.min(first, ...open);
  // `000041~` is after 000041 and all its successors, and before 000042.
  return low === 0 ? null : `${jobId(low - 1)}~`;
}
