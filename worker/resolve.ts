/** The end of a job: its output made durable, its resolution created, the master told, the message deleted, in this order. */
import type { AttemptSegment, JobOutcome } from "../executor/types.ts";
import { messageOf } from "../shared/errors.ts";
import { missingReasons, type Resolution } from "../shared/formats/resolution.ts";
import { encodeStored } from "../shared/formats/stored.ts";
import { attemptKey, resolutionKey } from "../shared/names.ts";
import type { Parts, Sorted } from "./conclude.ts";
import type { WorkerContext } from "./context.ts";
import type { Verdict } from "./decide.ts";
import { jobCounts } from "./job-counts.ts";
import { told, type Failure } from "./failure.ts";
import type { Job, JobEnd, JobServices } from "./job-types.ts";
import { holdRun } from "./records.ts";
import { acknowledge, heldDelayMs, release } from "./release.ts";

/** What resolves a job. */
export interface Resolver {
  readonly attempt: string;
  /** Null when nothing was executed. */
  readonly outcome: JobOutcome | null;
  /** How the attempt failed, when it did: for the log. */
  readonly end: Failure | null;
}

/** Carries out a verdict other than `run`. */
export async function settle(
  services: JobServices,
  job: Job,
  verdict: Exclude<Verdict, { do: "run" }>,
  sorted: Sorted,
  resolver: Resolver,
): Promise<JobEnd> {
  const { context } = services;
  switch (verdict.do) {
    case "hold": {
      const what = verdict.record.end?.message ?? "the bundle failed before its first record";
      const reason = {
        kind: "bundle",
        what,
        where: `job ${verdict.record.job}, worker ${verdict.record.worker}`,
        hint: bundleHint(verdict.record.end?.hint),
      } as const;
      await holdRun(context.store, job.message.run, reason, context.timing.scale);
      await release(context, job.lease, heldDelayMs);
      return "held";
    }
    case "split":
      return await resolve(
        services,
        job,
        resolver,
        context.rules.handOn(job.message.job, sorted, "halves", verdict.cause),
      );
    case "give-up": {
      const given = [...sorted.struck.map((fault) => fault.block), ...sorted.left].map((block) => ({
        block,
        reason: verdict.reason,
        detail: verdict.detail,
        records: 0,
        rejected: {},
      }));
      const missing = [...sorted.missing, ...given];
      const handedOn = missing.some(({ reason }) => missingReasons[reason] === "content" && reason !== "corrupt")
        ? verdict.reason
        : null;
      return await resolve(services, job, resolver, { covered: sorted.covered, missing, remaining: [], handedOn });
    }
  }
}

function bundleHint(hint: string | undefined): string {
  return [...(hint === undefined ? [] : [hint]), "Mend the analysis and submit it again."].join(" ");
}

/** Output durable, resolution created, ready sent, message deleted. */
export async function resolve(
  services: JobServices,
  job: Job,
  { attempt, outcome, end }: Resolver,
  parts: Parts,
): Promise<JobEnd> {
  const { context } = services;
  const { message } = job;
  const segment = parts.covered.length === 0 ? null : (outcome?.segment ?? null);
  const stored = segment === null ? null : await upload(context, job, attempt, segment);
  if (outcome !== null && outcome.log.length > 0) {
    await context.store.put(attemptKey(message.aggregate, message.plan, message.job, attempt, "log"), outcome.log);
  }
  const resolution: Resolution = {
    format: 1,
    run: message.run,
    plan: message.plan,
    job: message.job,
    attempt,
    worker: context.id,
    digest: message.digest,
    ...parts,
    segment: stored,
  };
  const created = await context.store.create(
    resolutionKey(message.aggregate, message.plan, message.job),
    encodeStored(resolution),
  );
  const ready = { format: 1, aggregate: message.aggregate, plan: message.plan, job: message.job };
  // Lost or refused: a pass over the resolutions of open runs finds it anyway.
  await context.ready.send([{ body: JSON.stringify(ready) }]).catch((error: unknown) => {
    context.log({ event: "queue-failed", what: "ready", message: messageOf(error) });
  });
  await acknowledge(context, job.lease);
  if (end !== null) services.status.failed(end.cause);
  context.log({
    event: "job-ended",
    run: message.run,
    job: `${message.plan}/${message.job}`,
    ...(created.created ? { how: "resolved", counts: jobCounts(parts) } : { how: "lost" }),
    ...(end === null ? {} : { cause: end.cause, ...told(job, end) }),
  });
  return created.created ? "resolved" : "lost";
}

async function upload(
  context: WorkerContext,
  job: Job,
  attempt: string,
  segment: AttemptSegment,
): Promise<NonNullable<Resolution["segment"]>> {
  const { aggregate, plan, job: id } = job.message;
  const key = attemptKey(aggregate, plan, id, attempt, "segment");
  await context.store.put(key, context.readFile(segment.path));
  const { bytes, entries, partitions, units } = segment;
  return { key, bytes, entries, partitions: [...partitions], units: [...units] };
}
