/**
 * One leased job, from its message to its acknowledgement. The order is what makes it exact:
 *
 *   resolution looked up (there: acknowledge, stop) -> earlier attempts judged -> attempt recorded -> executed ->
 *   output durable -> resolution created -> ready sent -> message deleted
 *
 * Dying between any two steps costs work, never a result. Nothing here deletes anything. Whoever created the resolution won;
 * any answer but success was settled by reading it.
 */
import { hintOf, messageOf } from "../shared/errors.ts";
import type { Lease } from "../shared/ports/job-queue.ts";
import { attemptJob } from "./attempt.ts";
import type { WorkerContext } from "./context.ts";
import { releaseDelayMs } from "./decide.ts";
import { holdFor } from "./environment.ts";
import type { JobEnd, JobServices } from "./job-types.ts";
import { prepare } from "./prepare.ts";
import { causeOf, isAway } from "./records.ts";
import { release, releaseExactly } from "./release.ts";

export async function handleLease(services: JobServices, lease: Lease, leasedAt: number): Promise<JobEnd> {
  const { context, keeper } = services;
  const held = keeper.hold(lease.handle, leasedAt);
  let run: string | null = null;
  try {
    const found = await prepare(services, lease, held);
    if (typeof found === "string") return found;
    run = found.message.run;
    services.status.started(`${found.message.plan}/${found.message.job}`);
    try {
      return await attemptJob(services, found);
    } finally {
      services.status.ended(`${found.message.plan}/${found.message.job}`);
    }
  } catch (error) {
    return await failedOutside(context, lease, run, error);
  } finally {
    keeper.drop(held);
  }
}

/** A port failed outside of an attempt: nothing is recorded, the message comes back later. */
async function failedOutside(
  context: WorkerContext,
  lease: Lease,
  run: string | null,
  error: unknown,
): Promise<JobEnd> {
  context.log({ event: "queue-failed", what: "job", message: messageOf(error), ...hintOf(error) });
  const refusal = causeOf(error);
  const { cause } = refusal;
  const heldForMs = cause === "environment" && run !== null ? await holdFor(context, run, refusal) : null;
  if (heldForMs !== null) await releaseExactly(context, lease, heldForMs);
  else await release(context, lease, releaseDelayMs(cause, lease.receiveCount - 1, context.random.float()));
  // Credentials that have run out say nothing about this machine: whoever gives up is away when they are back.
  if (cause === "environment") return heldForMs === null ? "refused" : "released";
  return isAway(error) ? "away" : "failed-here";
}
