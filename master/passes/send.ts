/**
 * Sending job messages. The ledger says which jobs there are; the queue only carries hints to them, so sending twice wastes a
 * look-up and not sending costs latency.
 *
 *   first time: in plan order, a cursor blob after each 1,000, so that a crash costs at most 1,000 doubles
 *   successors: once they are in the ledger, by the master that sees them first
 *   again: when the queue was empty in two passes `resendMs` apart, or the last send is long ago and no worker names the job
 */
import * as v from "valibot";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { inlineBlocksBytesMax, planNameSchema, type JobMessage } from "../../shared/formats/message.ts";
import { blocksDigest, toRow, type PlannedBlock } from "../../shared/formats/plan.ts";
import { countSchema, runSchema, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { jobId, runKey, sentKey } from "../../shared/names.ts";
import type { OutgoingMessage } from "../../shared/ports/job-queue.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import type { Base } from "../ledger/ledger.ts";
import { decodeBitmap, hasBit } from "../ledger/bitmap.ts";
import { JobBlocks } from "./job-blocks.ts";
import { jobsInHand, SendState } from "./send-state.ts";

/** Jobs sent between two writes of the cursor: what a crash may send twice. */
const cursorJobs = 1000;

/** How often a batch's failed entries are sent again before the rest is left to the next pass. */
const sendTriesMax = 5;

const sentSchema = v.object({ format: v.literal(1), plan: planNameSchema, next: countSchema });

/** Sends what is due for all open runs of an aggregate. Answers the number of messages. */
export async function sendPass(context: MasterContext, state: SendState, { manifest }: Base): Promise<number> {
  let sent = 0;
  for (const run of manifest?.open ?? []) {
    const again = await isSentAgain(context, state, run);
    const successors = run.successors.filter((job) => !state.wasSent(run.plan, job));
    if (!again && successors.length === 0 && state.cursor(run.plan) === run.jobs) continue;
    const stored = await readAll(context.store, runKey(run.run));
    if (stored === null) continue;
    const spec = parseStored(runKey(run.run), stored.bytes, runSchema);
    sent += await sendFirst(context, state, spec, run);
    await sendJobs(context, state, spec, run, successors, 1);
    sent += successors.length;
    if (again) sent += await sendAgain(context, state, spec, run);
  }
  return sent;
}

async function sendFirst(context: MasterContext, state: SendState, spec: RunSpec, run: OpenRun): Promise<number> {
  const known = state.cursor(run.plan) ?? (await readCursor(context, run));
  const folded = decodeBitmap(run.folded);
  let sent = 0;
  for (let next = known; next < run.jobs; next += cursorJobs) {
    const end = Math.min(run.jobs, next + cursorJobs);
    const jobs = Array.from({ length: end - next }, (_, i) => next + i).filter((index) => !hasBit(folded, index));
    await sendJobs(context, state, spec, run, jobs.map(jobId), 1);
    state.setCursor(run.plan, end);
    await context.store.put(sentKey(run.run), encodeStored({ format: 1, plan: run.plan, next: end }));
    sent += jobs.length;
  }
  state.setCursor(run.plan, run.jobs);
  if (sent > 0) context.log({ event: "jobs-sent", run: run.run, jobs: sent, again: false });
  return sent;
}

async function readCursor(context: MasterContext, run: OpenRun): Promise<number> {
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

/** A lost message costs latency only: here is where it ends. The same rule gives stragglers a backup copy. */
async function isSentAgain(context: MasterContext, state: SendState, run: OpenRun): Promise<boolean> {
  const { resendMs } = context.timing;
  const now = context.clock.monotonic();
  const { visible, leased, delayed } = await context.jobs.counts();
  const emptyTwice = state.sawEmpty(run.plan, visible + leased + delayed === 0, now, resendMs);
  return emptyTwice || now - (state.lastSend(run.plan) ?? now) >= state.patienceMs(run.plan, resendMs);
}

async function sendAgain(context: MasterContext, state: SendState, spec: RunSpec, run: OpenRun): Promise<number> {
  const folded = decodeBitmap(run.folded);
  const open = Array.from({ length: run.jobs }, (_, index) => index)
    .filter((index) => !hasBit(folded, index))
    .map(jobId);
  const inHand = await jobsInHand(context.store, context.timing.statusMs);
  const due = [...open, ...run.successors].filter((job) => !inHand.has(`${run.plan}/${job}`));
  if (due.length === 0) {
    // All are in hand: the statuses are looked at again after another interval, not at each pass.
    state.noteSend(run.plan, context.clock.monotonic());
    return 0;
  }
  await sendJobs(context, state, spec, run, due, state.nextSend(run.plan));
  context.log({ event: "jobs-sent", run: run.run, jobs: due.length, again: true });
  return due.length;
}

async function sendJobs(
  context: MasterContext,
  state: SendState,
  spec: RunSpec,
  run: OpenRun,
  jobs: readonly string[],
  send: number,
): Promise<void> {
  if (jobs.length === 0) return;
  const jobBlocks = new JobBlocks(context.store, spec.aggregate, run.plan);
  await jobBlocks.expect(jobs);
  const messages: OutgoingMessage[] = [];
  for (const job of jobs) {
    const blocks = await jobBlocks.of(job);
    if (blocks === null) continue;
    messages.push({ body: encodeMessage(spec, run.plan, job, blocks, send), group: run.run });
  }
  await sendAll(context, messages);
  for (const job of jobs) state.noteSent(run.plan, job);
  state.noteSend(run.plan, context.clock.monotonic());
}

function encodeMessage(
  spec: RunSpec,
  plan: string,
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
function queueable(json: string): string {
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
