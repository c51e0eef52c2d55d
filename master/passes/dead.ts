/**
 * The dead-letter queue: where the server puts a job's message that was received a thousand times and never deleted. It is no
 * state, only another place where a hint may lie: each message is dealt with and said. What is left alone the queue's
 * retention ends.
 *
 *   of a newer format                 -> said once, left alone: its lease ends by itself
 *   not recognisably ours             -> the same: the queue may be shared, and what is somebody else's is not ours to delete
 *   ours, and no job can be read      -> said at level error with the beginning of its text, acknowledged
 *   its run is not open               -> acknowledged: nothing that a worker finds would count
 *   its job is resolved or handed on  -> acknowledged
 *   anything else                     -> sent to the jobs queue again; acknowledged once that queue has said yes to it
 *
 * May go wrong: died between sending and acknowledging: it is sent twice, which costs a look-up. What the ports fail at is
 * thrown; leased messages come back.
 */
import { messageOf } from "../../shared/errors.ts";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { jobMessageSchema, type JobMessage } from "../../shared/formats/message.ts";
import { parseStored, UnknownFormat } from "../../shared/formats/stored.ts";
import { isPlanName, resolutionKey } from "../../shared/names.ts";
import type { JobQueue, Lease } from "../../shared/ports/job-queue.ts";
import type { MasterContext } from "../context.ts";
import { isOtherFormat } from "../newer-formats.ts";
import { queueable } from "./send.ts";

/** What one receive of SQS gives. */
const receiveMax = 10;
/** Receives of one pass: a thousand jobs of a run that was held for long are dealt with in ten minutes, and no pass is long. */
const receivesMax = 10;
/** Leases last so many intervals: what is left alone does not come again in the next pass and keep others waiting. */
const leaseIntervals = 5;
/** Of a message that cannot be read, in the log and in the memory of what was said. */
const shownCharactersMax = 200;
/** A shared queue may hold any number of messages that are left: by then it is clear that it is shared, and no more is said. */
const saidMax = 100;

/** What stands in a dead message. */
export type DeadText =
  | { readonly is: "job"; readonly message: JobMessage; /** As it is to be sent again. */ readonly again: string }
  | { readonly is: "newer"; readonly why: string }
  | { readonly is: "foreign"; readonly why: string }
  | { readonly is: "unreadable"; readonly why: string };

/** Pure. */
export function readDead(body: string): DeadText {
  try {
    const message = parseStored("a job message", body, jobMessageSchema);
    // Counted as one more send, so that its next worker reads the records of earlier attempts. Unknown members stay.
    const raw = JSON.parse(body) as object;
    return { is: "job", message, again: queueable(JSON.stringify({ ...raw, send: message.send + 1 })) };
  } catch (error) {
    if (!isOtherFormat(error)) throw error;
    const why = messageOf(error);
    if (error instanceof UnknownFormat && typeof error.format === "number") return { is: "newer", why };
    return { is: isOurs(body) ? "unreadable" : "foreign", why };
  }
}

/** What this version's job messages have and hardly anybody else's: the number of our format beside a plan's name. */
function isOurs(body: string): boolean {
  try {
    const { format, plan } = Object(JSON.parse(body)) as { readonly format?: unknown; readonly plan?: unknown };
    return format === 1 && typeof plan === "string" && isPlanName(plan);
  } catch {
    return false;
  }
}

/** What the store says of a dead message's job. */
export interface DeadFacts {
  /** The aggregate's open runs, read after the message was leased: a message is sent after its run was admitted. */
  readonly open: readonly Pick<OpenRun, "run" | "plan">[];
  readonly isResolved: boolean;
}

/** Pure. Null: it is to be sent again; else why nobody needs it. */
export function whyDropped({ run, plan }: JobMessage, { open, isResolved }: DeadFacts): string | null {
  if (!open.some((candidate) => candidate.run === run && candidate.plan === plan)) return "its run is not open";
  return isResolved ? "the job is resolved" : null;
}

interface Revived {
  readonly lease: Lease;
  readonly message: JobMessage;
  readonly again: string;
}

/** One look at the dead-letter queue, and what it finds. `said`: what was said of messages that are left alone. */
export async function deadPass(context: MasterContext, dead: JobQueue, said: Set<string>): Promise<void> {
  const leaseMs = context.timing.resendMs * leaseIntervals;
  for (let receives = 0; receives < receivesMax; receives++) {
    const leases = await dead.lease(receiveMax, { leaseMs, waitMs: 0 });
    if (leases.length === 0) return;
    const done: string[] = [];
    const revived: Revived[] = [];
    for (const lease of leases) {
      const text = readDead(lease.body);
      const fate = text.is === "job" ? await fateOf(context, text.message) : text;
      if (text.is === "job" && fate === "send") revived.push({ lease, message: text.message, again: text.again });
      else if (fate !== "send" && say(context, lease, fate, said)) done.push(lease.handle);
    }
    done.push(...(await sendAgain(context, revived)));
    if (done.length > 0) await dead.acknowledge(done);
  }
}

type Fate =
  | "send"
  | { readonly is: "needless"; readonly message: JobMessage; readonly why: string }
  | { readonly is: "newer" | "foreign" | "unreadable"; readonly why: string };

async function fateOf({ ledger, store }: MasterContext, message: JobMessage): Promise<Fate> {
  const { aggregate, plan, job } = message;
  try {
    const { manifest } = await ledger.read(aggregate);
    const isResolved = (await store.head(resolutionKey(aggregate, plan, job))) !== null;
    const why = whyDropped(message, { open: manifest?.open ?? [], isResolved });
    return why === null ? "send" : { is: "needless", message, why };
  } catch (error) {
    if (!isOtherFormat(error)) throw error;
    return { is: "newer", why: messageOf(error) };
  }
}

/** Whether the message is done with. */
function say({ log }: MasterContext, lease: Lease, fate: Exclude<Fate, "send">, said: Set<string>): boolean {
  const text = lease.body.slice(0, shownCharactersMax);
  if (fate.is === "unreadable") {
    log({ event: "dead-message-dropped", why: fate.why, text });
    return true;
  }
  if (fate.is === "needless") {
    const { run, plan, job } = fate.message;
    log({ event: "dead-job-dropped", run, job: `${plan}/${job}`, why: fate.why });
    return true;
  }
  // One word for all of a newer version; of the others each may have another author.
  const id = fate.is === "newer" ? fate.why : text;
  if (said.size < saidMax && !said.has(id)) {
    said.add(id);
    log({ event: "dead-message-left", why: fate.why, text });
  }
  return false;
}

/** Handles of those that the jobs queue took. The others stay where they are, and have their turn again. */
async function sendAgain({ jobs, log }: MasterContext, revived: readonly Revived[]): Promise<string[]> {
  if (revived.length === 0) return [];
  const results = await jobs.send(revived.map(({ message, again }) => ({ body: again, group: message.run })));
  return revived.flatMap(({ lease, message: { run, plan, job } }, index) => {
    if (results[index]?.ok !== true) return [];
    log({ event: "dead-job-sent-again", run, job: `${plan}/${job}`, receives: lease.receiveCount });
    return [lease.handle];
  });
}
