/** From a message to a job that can be executed: what it points to is read, what is settled or held is put aside. */
import { codeOf, messageOf } from "../shared/errors.ts";
import { isHeld } from "../shared/formats/hold.ts";
import { jobMessageSchema, type JobMessage } from "../shared/formats/message.ts";
import { blocksDigest, fromRow, type PlannedBlock } from "../shared/formats/plan.ts";
import { parseRun } from "../shared/formats/run.ts";
import { parseStored, UnknownFormat } from "../shared/formats/stored.ts";
import { resolutionKey } from "../shared/names.ts";
import type { Lease } from "../shared/ports/job-queue.ts";
import { readJobBlocks } from "../shared/plan-file.ts";
import { readHold } from "../shared/read-hold.ts";
import type { WorkerContext } from "./context.ts";
import type { Job, JobEnd, JobServices } from "./job-types.ts";
import type { HeldLease } from "./leases.ts";
import { readAttempts } from "./records.ts";
import { acknowledge, delayMsMax, heldDelayMs, release, releaseExactly } from "./release.ts";

/** Reads the message and what it points to. A word instead of a job means that nothing is to be executed. */
export async function prepare(services: JobServices, lease: Lease, held: HeldLease): Promise<Job | JobEnd> {
  const { context } = services;
  let parsed: Parsed;
  try {
    parsed = parse(lease.body);
  } catch (error) {
    context.log({ event: "message-refused", why: messageOf(error) });
    if (error instanceof UnknownFormat) return await leave(context, lease);
    await acknowledge(context, lease);
    return "dropped";
  }
  try {
    return await look(services, parsed, lease, held);
  } catch (error) {
    // The run's own records are of another format: nothing that this machine is to be blamed for.
    if (codeOf(error) !== "invalid-format") throw error;
    context.log({ event: "message-refused", why: messageOf(error) });
    return await leave(context, lease);
  }
}

interface Parsed {
  readonly message: JobMessage;
  /** Those of the message, when it carries them. */
  readonly blocks: readonly PlannedBlock[] | null;
}

function parse(body: string): Parsed {
  const message = parseStored("a job message", body, jobMessageSchema);
  return { message, blocks: message.blocks?.map(fromRow) ?? null };
}

/** For newer workers, if there are any. */
async function leave(context: WorkerContext, lease: Lease): Promise<JobEnd> {
  await release(context, lease, delayMsMax);
  return "newer";
}

async function look(
  { context, runs }: JobServices,
  parsed: Parsed,
  lease: Lease,
  held: HeldLease,
): Promise<Job | JobEnd> {
  const { store, log } = context;
  const { message } = parsed;
  const stored = await runs.read(message.run);
  const { aggregate, plan, job } = message;
  const [hold, resolved] = await Promise.all([
    readHold(store, message.run),
    store.head(resolutionKey(aggregate, plan, job)),
  ]);
  if (stored === null || hold?.hold.kind === "closed") {
    await acknowledge(context, lease);
    return "dropped";
  }
  if (hold !== null && isHeld(hold.hold, hold.storeTime)) {
    const rest =
      hold.hold.kind === "environment" ? hold.hold.until - hold.storeTime : heldDelayMs * context.timing.scale;
    await releaseExactly(context, lease, rest);
    return "held";
  }
  if (resolved !== null) {
    await acknowledge(context, lease);
    return "dropped";
  }
  const spec = parseRun(message.run, stored);
  const blocks = parsed.blocks ?? (await readJobBlocks(store, aggregate, plan, job));
  if (blocks === null || blocksDigest(blocks) !== message.digest) {
    log({ event: "message-refused", why: `the block list of ${plan}/${job} is not the one that the message names` });
    await acknowledge(context, lease);
    return "dropped";
  }
  const again = lease.receiveCount > 1 || message.send > 1;
  const records = again ? await readAttempts(store, aggregate, plan, job) : [];
  return { message, spec, blocks, lease, held, records };
}
