/** Giving a message back, or deleting it. The queue's answer changes nothing: a message that stays is dropped when it comes back. */
import { codeOf, messageOf } from "../shared/errors.ts";
import type { Lease } from "../shared/ports/job-queue.ts";
import type { WorkerContext } from "./context.ts";

/** The longest delay that every queue takes; a message of a newer format is left to newer workers for so long. */
export const delayMsMax = 900_000;

/** A message of a held run comes back after this long, or when the hold is to end. */
export const heldDelayMs = 30_000;

export async function acknowledge(context: WorkerContext, lease: Lease): Promise<void> {
  await quietly(context, "acknowledge", async () => await context.jobs.acknowledge([lease.handle]));
}

/** `delayMs` is unscaled: tests with a scaled clock scale it. */
export async function release(context: WorkerContext, lease: Lease, delayMs: number): Promise<void> {
  await releaseExactly(context, lease, delayMs * context.timing.scale);
}

export async function releaseExactly(context: WorkerContext, lease: Lease, delayMs: number): Promise<void> {
  const bounded = Math.round(Math.min(delayMsMax, Math.max(0, delayMs)));
  await quietly(
    context,
    "release",
    async () => await context.jobs.release([{ handle: lease.handle, delayMs: bounded }]),
  );
}

async function quietly(context: WorkerContext, what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    context.log({ event: "queue-failed", what, message: `${codeOf(error) ?? ""} ${messageOf(error)}` });
  }
}
