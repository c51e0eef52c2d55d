/**
 * Sending job messages. The ledger says which jobs there are; the queue only carries hints to them, so sending twice wastes a
 * look-up and not sending costs latency.
 *
 *   first time: in plan order, a cursor blob after each 1,000, so that a crash costs at most 1,000 doubles
 *   successors: once they are in the ledger, by the master that sees them first
 *   again: what was lost, by the rules of `send-again.ts`
 */
import * as v from "valibot";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { inlineBlocksBytesMax, planNameSchema, type JobMessage } from "../../shared/formats/message.ts";
import { blocksDigest, toRow, type PlannedBlock } from "../../shared/formats/plan.ts";
import { countSchema, parseRun, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { jobId, runKey, sentKey } from "../../shared/names.ts";
import type { OutgoingMessage } from "../../shared/ports/job-queue.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import type { Base } from "../ledger/ledger.ts";
import { decodeBitmap, hasBit } from "../ledger/bitmap.ts";
import type { NewerFormats } from "../newer-formats.ts";
import { JobBlocks } from "./job-blocks.ts";
import { jobsAgain, whyAgain, type Again } from "./send-again.ts";
import type { QueueLook, SendState } from "./send-state.ts";

/** Jobs sent between two writes of the cursor: what a crash may send twice. */
const cursorJobs = 1000;

/** How often a batch's failed entries are sent again before the rest is left to the next pass. */
const sendTriesMax = 5;

const sentSchema = v.object({ format: v.literal(1), plan: planNameSchema, next: countSchema });

/** Messages of so many jobs are in memory at once: 20 MB where all block lists are as long as they may be. */
const jobsAtOnce = 100;

/** One open run whose jobs are sent. */
interface Sending {
  readonly spec: RunSpec;
  readonly run: OpenRun;
  readonly blocks: JobBlocks;
  readonly newer: NewerFormats | undefined;
}

/**
 * Sends what is due for all open runs of an aggregate. Answers the number of messages. With `newer` a run of which something
 * can only be read by a newer version is left to it.
 */
export async function sendPass(
  context: MasterContext,
  state: SendState,
  { manifest }: Base,
  newer?: NewerFormats,
): Promise<number> {
  if (manifest === null || manifest.open.length === 0) return 0;
  const { aggregate, open } = manifest;
  const look = await state.look(
    open.map(({ plan }) => plan),
    { now: context.clock.monotonic(), intervalMs: context.timing.resendMs },
    async () => await context.jobs.counts(),
  );
  let sent = 0;
  for (const run of open) {
    const act = async (): Promise<number> => await sendRun(context, state, { aggregate, run, look, newer });
    const part = { aggregate, part: "send", run: run.run };
    sent += (newer === undefined ? await act() : await newer.guard(part, act)) ?? 0;
  }
  return sent;
}

async function sendRun(
  context: MasterContext,
  state: SendState,
  {
    aggregate,
    run,
    look,
    newer,
  }: {
    readonly aggregate: string;
    readonly run: OpenRun;
    readonly look: QueueLook;
    readonly newer: NewerFormats | undefined;
  },
): Promise<number> {
  const again = await whyAgain(context, state, run, look);
  const successors = run.successors.filter((job) => !state.wasSent(run.plan, job));
  if (again === null && successors.length === 0 && state.cursor(run.plan) === run.jobs) return 0;
  const stored = await readAll(context.store, runKey(run.run));
  if (stored === null) return 0;
  const spec = parseRun(run.run, stored.bytes);
  const sending: Sending = { spec, run, blocks: new JobBlocks(context.store, aggregate, run.plan), newer };
  const first = await sendFirst(context, state, sending);
  await sendJobs(context, state, sending, successors, 1);
  return first + successors.length + (again === null ? 0 : await sendAgain(context, state, sending, again));
}

async function sendFirst(context: MasterContext, state: SendState, sending: Sending): Promise<number> {
  const { run } = sending;
  const known = state.cursor(run.plan) ?? (await readCursor(context, run));
  const folded = decodeBitmap(run.folded);
  let sent = 0;
  for (let next = known; next < run.jobs; next += cursorJobs) {
    const end = Math.min(run.jobs, next + cursorJobs);
    const jobs = Array.from({ length: end - next }, (_, i) => next + i).filter((index) => !hasBit(folded, index));
    await sendJobs(context, state, sending, jobs.map(jobId), 1);
    state.setCursor(run.plan, end);
    await context.store.put(sentKey(run.run), encodeStored({ format: 1, plan: run.plan, next: end }));
    sent += jobs.length;
  }
  state.setCursor(run.plan, run.jobs);
  if (sent > 0) context.log({ event: "jobs-sent", run: run.run, jobs: sent, again: false });
  return sent;
}

/** Jobs of the plan before this one were sent once, as far as is known. */
export async function readCursor(context: Pick<MasterContext, "store">, run: OpenRun): Promise<number> {
  const blob = await readAll(context.store, sentKey(run.run));
  if (blob === null) return 0;
  try {
    const sent = parseStored(sentKey(run.run), blob.bytes, sentSchema);
    return sent.plan === run.plan ? sent.next : 0;
  } catch (error) {
    // A hint that we cannot read (a newer master's, say) is as good as none.
    if (codeOf(error) === "invalid-format") return 0;
    throw error;
  }
}

async function sendAgain(
  context: MasterContext,
  state: SendState,
  sending: Sending,
  again: Exclude<Again, null>,
): Promise<number> {
  const { run, spec, newer } = sending;
  const due = await jobsAgain(context, spec.aggregate, run, { again, newer });
  if (due.length === 0) {
    // Held, or all in hand: it is looked at again after another interval, not at each pass.
    state.noteSend(run.plan, context.clock.monotonic());
    return 0;
  }
  await sendJobs(context, state, sending, due, state.nextSend(run.plan));
  context.log({ event: "jobs-sent", run: run.run, jobs: due.length, again: true });
  return due.length;
}

async function sendJobs(
  context: MasterContext,
  state: SendState,
  sending: Sending,
  jobs: readonly string[],
  send: number,
): Promise<void> {
  const { plan } = sending.run;
  for (let start = 0; start < jobs.length; start += jobsAtOnce) {
    const batch = jobs.slice(start, start + jobsAtOnce);
    await sending.blocks.expect(batch);
    const messages: OutgoingMessage[] = [];
    for (const job of batch) {
      const blocks = await blocksOf(sending, job);
      if (blocks !== null) messages.push({ body: encodeMessage(sending, job, blocks, send), group: sending.run.run });
    }
    await sendAll(context, messages);
    for (const job of batch) state.noteSent(plan, job);
    state.noteSend(plan, context.clock.monotonic());
  }
}

/** Null when they are not there, or only a newer version knows them: the job was handed on by one. */
async function blocksOf({ run, spec, blocks, newer }: Sending, job: string): Promise<readonly PlannedBlock[] | null> {
  try {
    return await blocks.of(job);
  } catch (error) {
    if (newer === undefined || !job.includes(".")) throw error;
    newer.leaveJob({ aggregate: spec.aggregate, part: "resolutions", run: run.run, plan: run.plan, job }, error);
    return null;
  }
}

function encodeMessage(
  { spec, run: { plan } }: Sending,
  job: string,
  blocks: readonly PlannedBlock[],
  send: number,
): string {
  const message: JobMessage = {
    format: 1,
    run: spec.run,
    aggregate: spec.aggregate,
    plan,
    job,
    bundle: spec.bundle,
    send,
    digest: blocksDigest(blocks),
  };
  const inline = queueable(JSON.stringify({ ...message, blocks: blocks.map(toRow) }));
  // A successor's list stands in no plan: it travels in the message whatever its size, which `jobListBytesMax` bounds.
  const fits = Buffer.byteLength(inline) <= inlineBlocksBytesMax || job.includes(".");
  return fits ? inline : JSON.stringify(message);
}

/** A queue takes what XML can hold. JSON escapes the other characters by itself, but for these two, which keys may have. */
export function queueable(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (unit) => (unit === "\uFFFE" ? "\\ufffe" : "\\uffff"));
}

async function sendAll(context: MasterContext, messages: readonly OutgoingMessage[]): Promise<void> {
  let left = messages;
  for (let tries = 0; left.length > 0 && tries < sendTriesMax; tries++) {
    const results = await context.jobs.send(left);
    const failed = left.filter((_, index) => results[index]?.ok !== true);
    const final = results.find((result) => !result.ok && !result.retryable);
    if (final?.ok === false) {
      throw new SpotfoldError("internal", `the queue refuses a job's message: ${final.reason}`);
    }
    left = failed;
  }
  if (left.length > 0) {
    throw new SpotfoldError("store-unavailable", `${left.length} messages could not be sent to ${context.jobs.name}`, {
      retryable: true,
    });
  }
}
