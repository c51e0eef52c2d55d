/** One attempt at a job: judged by what happened before, recorded, executed, concluded. */
import type { JobBlock, JobOutcome, JobTask } from "../executor/types.ts";
import { messageOf, SpotfoldError } from "../shared/errors.ts";
import type { AttemptRecord } from "../shared/formats/attempt.ts";
import { encodeStored } from "../shared/formats/stored.ts";
import { unlessClosed } from "./closed.ts";
import type { Parts } from "./conclude.ts";
import type { WorkerContext } from "./context.ts";
import { elsewhereMs, isForAnother, releaseDelayMs, type Verdict } from "./decide.ts";
import { holdFor } from "./environment.ts";
import { hintIn, told, type Failure } from "./failure.ts";
import type { Job, JobEnd, JobServices } from "./job-types.ts";
import { leaseLost } from "./leases.ts";
import { liveWorkerIds } from "../shared/live-workers.ts";
import { causeOf, isAway, readAttempts, recordKeyOf } from "./records.ts";
import { recordStart, type Recording } from "./recording.ts";
import { release, releaseExactly } from "./release.ts";
import { resolve, settle } from "./resolve.ts";

export async function attemptJob(services: JobServices, job: Job): Promise<JobEnd> {
  const { context } = services;
  const live = await others(context, job.records);
  const verdict = context.rules.decide({ records: job.records, blocks: job.blocks.length, liveWorkers: live });
  if (verdict.do === "run" && isForAnother(job.records, context.id, live, job.lease.receiveCount)) {
    await release(context, job.lease, elsewhereMs);
    return "released";
  }
  if (verdict.do !== "run")
    return await settle(
      services,
      job,
      verdict,
      context.rules.sortBlocks(job.blocks.length, { reports: [], faults: [] }),
      { attempt: context.random.hex(16), outcome: null, end: null },
    );
  const leave = await services.room.enter(verdict.exclusive);
  try {
    return await execute(services, job, verdict);
  } finally {
    leave();
  }
}

/** Ids of live workers; nobody is asked while nothing has failed. */
async function others(context: WorkerContext, records: readonly AttemptRecord[]): Promise<string[]> {
  return records.length === 0 ? [] : await liveWorkerIds(context.store, context.timing.statusMs);
}

/** An attempt's record as it is to stand in the store. Its first end is its end: what fails afterwards does not change it. */
interface Attempt {
  record: AttemptRecord;
}

async function execute(services: JobServices, job: Job, verdict: Extract<Verdict, { do: "run" }>): Promise<JobEnd> {
  const { context } = services;
  const { clock, random } = context;
  const { message } = job;
  const record: AttemptRecord = {
    format: 1,
    run: message.run,
    plan: message.plan,
    job: message.job,
    attempt: random.hex(16),
    worker: context.id,
    handle: job.lease.handle,
    startedAt: clock.now(),
    memory: verdict.memoryFactor,
    end: null,
  };
  const attempt: Attempt = { record };
  const began = clock.monotonic();
  try {
    // Children are made ready while the record is written; user code waits for it.
    const recording = recordStart(context, message.aggregate, record);
    const outcome = await runTask(services, job, record, { recording, exclusive: verdict.exclusive });
    await recording.done;
    try {
      return await conclude(services, job, attempt, outcome, clock.monotonic() - began);
    } catch (error) {
      // Output or resolution could not be written: this attempt failed, by whatever the port said.
      return await fail(services, job, attempt, { ...causeOf(error), beforeFirstRecord: false, block: null });
    }
  } finally {
    await context.runner.release(record.attempt);
  }
}

async function runTask(
  services: JobServices,
  job: Job,
  { attempt, memory }: AttemptRecord,
  { recording, exclusive }: { readonly recording: Recording; readonly exclusive: boolean },
): Promise<JobOutcome> {
  const { context } = services;
  const { spec } = job;
  try {
    const bundle = await context.bundles.fetch(spec);
    const data = await context.data(spec.dataset);
    const task: JobTask = {
      attempt,
      bundle,
      records: spec.dataset.records,
      columns: spec.analysis.key.length,
      publishBy: spec.analysis.publishBy,
      blocks: job.blocks.map((block, index): JobBlock => ({
        index,
        key: block.key,
        size: block.size,
        etag: block.etag,
        partition: block.partition,
        dimensions: context.dimensionsOf(spec.dataset, block.key),
      })),
      limits: {
        ...context.limits,
        heapBytesMax: context.limits.heapBytesMax * memory,
        rssBytesMax: context.limits.rssBytesMax * memory,
      },
    };
    return await unlessClosed(
      context,
      job.message.run,
      async (closed) =>
        await context.runner.run(task, {
          stop: AbortSignal.any([job.held.signal, services.drain, closed, recording.failed]),
          recorded: recording.begun,
          lend: async (block) => await data.lend(block.key),
          progress: () => {},
          // A job that has the worker to itself has it to its end.
          ...(exclusive ? {} : { read: () => noteRead(services, job) }),
        }),
    );
  } catch (error) {
    const ended = causeOf(error);
    return { reports: [], faults: [], ended, segment: null, log: new Uint8Array() };
  }
}

function noteRead({ status, read }: JobServices, { message: { plan, job } }: Job): void {
  status.read(`${plan}/${job}`);
  read();
}

/** What an attempt's outcome means for its job. */
async function conclude(
  services: JobServices,
  job: Job,
  attempt: Attempt,
  outcome: JobOutcome,
  workedMs: number,
): Promise<JobEnd> {
  const { context } = services;
  const sorted = context.rules.sortBlocks(job.blocks.length, outcome);
  const { struck, left } = sorted;
  const { ended } = outcome;
  const by = { attempt: attempt.record.attempt, outcome };
  const write = async (parts: Parts, end: Failure | null): Promise<JobEnd> =>
    await resolve(services, job, { ...by, end }, parts);
  if (struck.length === 0 && left.length === 0) return await write({ ...sorted, remaining: [], handedOn: null }, null);
  const blame = ended ?? struck[0];
  if (blame === undefined)
    throw new SpotfoldError("internal", `an attempt of ${job.message.job} left blocks over and says no cause`);
  const end: Failure = {
    cause: job.held.signal.aborted ? "lost-lease" : blame.cause,
    reason: blame.reason,
    message: blame.message,
    ...hintIn(blame),
    block: blame.block ?? null,
    beforeFirstRecord: blame.beforeFirstRecord ?? false,
  };
  if (end.cause === "lost-lease" || end.cause === "infrastructure" || end.cause === "environment") {
    return await fail(services, job, attempt, end);
  }
  if (end.cause === "interrupted") {
    const sizes = job.blocks.map((block) => block.size);
    const worth = context.rules.worthHandingOn(sorted.covered, sizes, workedMs, context.timing.handOnMs);
    if (worth && services.keeper.isValid(job.held))
      return await write(context.rules.handOn(job.message.job, sorted, "together", end.cause), end);
    return await fail(services, job, attempt, end);
  }
  // From here on the job itself failed: by code, memory, time or a damaged block.
  const namesBlock = struck.length > 0 && (ended === null || ended.block !== undefined || sorted.covered.length > 0);
  if (job.blocks.length > 1 && namesBlock && !end.beforeFirstRecord) {
    return await write(context.rules.handOn(job.message.job, sorted, "together", end.cause), end);
  }
  const completed = await complete(context, job, attempt, end);
  const earlier = await readAttempts(context.store, job.message.aggregate, completed.plan, completed.job);
  const records = [...earlier.filter((other) => other.attempt !== completed.attempt), completed];
  const liveNow = await others(context, records);
  const verdict = context.rules.decide({ records, blocks: job.blocks.length, liveWorkers: liveNow });
  if (verdict.do !== "run") {
    const settled = await settle(services, job, verdict, sorted, { ...by, end });
    // Of what is resolved, the resolution tells.
    if (verdict.do === "hold") noteEnd(services, job, end);
    return settled;
  }
  noteEnd(services, job, end);
  await release(context, job.lease, releaseDelayMs(end.cause, records.length - 1, context.random.float()));
  return end.cause === "timeout" ? "failed-here" : "released";
}

/** The attempt failed by something that says nothing about the job: recorded, and tried again later. */
async function fail(services: JobServices, job: Job, attempt: Attempt, end: Failure): Promise<JobEnd> {
  const { context } = services;
  let away = false;
  await complete(context, job, attempt, end).catch((error: unknown) => {
    context.log({ event: "queue-failed", what: "attempt record", message: messageOf(error) });
    away = isAway(error);
  });
  noteEnd(services, job, end);
  const heldForMs = end.cause === "environment" ? await holdFor(context, job.message.run, end) : null;
  if (job.held.signal.reason === leaseLost) return "lease-lost";
  // When the hold ends: not before, when the job would only be put back, nor much later.
  if (heldForMs !== null) await releaseExactly(context, job.lease, heldForMs);
  else await release(context, job.lease, releaseDelayMs(end.cause, job.records.length, context.random.float()));
  if (away) return "away";
  return end.cause === "infrastructure" ? "failed-here" : "released";
}

/** Counts it, and logs it: each attempt whose start is logged has one end there: this one, or that of the resolution. */
function noteEnd({ context, status }: JobServices, job: Job, end: Failure): void {
  status.failed(end.cause);
  const { run, plan, job: id } = job.message;
  context.log({ event: "job-ended", run, job: `${plan}/${id}`, how: end.cause, ...told(job, end) });
}

/**
 * Writes the attempt's end down. One that has an end keeps it, and is written once more: the first write may be what failed.
 * What it says of the job (code, a damaged block, time) must not become the store's failure of a moment later.
 */
async function complete(context: WorkerContext, job: Job, attempt: Attempt, end: Failure): Promise<AttemptRecord> {
  const { record } = attempt;
  const completed: AttemptRecord = { ...record, end: record.end ?? { ...end, at: context.clock.now() } };
  attempt.record = completed;
  await context.store.put(recordKeyOf(job.message.aggregate, completed), encodeStored(completed));
  return completed;
}
