/**
 * One batch call of the port as requests to SQS: cut, sent a few at a time, each entry's failure looked at by itself.
 *
 *   entry failed, "busy"            sent again with what else of its batch failed so, after a back-off, `triesMax` times
 *   entry failed, "no-groups"       groups are dropped for good, and it is sent again
 *   entry failed, "stale"           yes (job-queue.ts: the yes is never proof)
 *   entry failed otherwise          no, and for good
 *   entry not answered for          as "busy"
 *   request failed, "too-long"      cut in two, down to single entries
 *   request failed, "stale"         the same: some servers refuse a batch for one handle
 *   request failed otherwise        after the SDK's own tries: no for its entries; thrown when no request got through at all
 */
import type { BatchResultErrorEntry } from "@aws-sdk/client-sqs";
import pLimit from "p-limit";
import { messageOf, SpotfoldError } from "../../errors.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import { accepted } from "../../ports/job-queue-limits.ts";
import type { EntryResult } from "../../ports/job-queue.ts";
import { cutBatches } from "./batches.ts";
import { meaningOf, requestFault } from "./meanings.ts";

/** Of one call: the first failures of a busy queue pass within the second. */
const triesMax = 5;
const backOffMs = 100;
const backOffMsMax = 2_000;
/** Of one call. More helps no single process, and is what throttling answers. */
const requestsAtOnceMax = 4;

/** As the SDK answers for a batch. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id: string | undefined }[] | undefined;
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

export interface BatchCall<Entry> {
  /** Ids are positions in `batch`. */
  readonly request: (batch: readonly Entry[]) => Promise<BatchAnswer>;
  readonly bytesOf: (entry: Entry) => number;
  readonly bytesMax: number;
  /** Only sends have groups. */
  readonly groups?: GroupUse;
  /** A failed request. */
  readonly translated: (error: unknown) => unknown;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whether messages are sent with their groups: until the queue says that it takes none. */
export interface GroupUse {
  used: boolean;
}

interface Numbered<Entry> {
  readonly entry: Entry;
  readonly index: number;
}

class BatchRun<Entry> {
  readonly results: EntryResult[];
  readonly #call: BatchCall<Entry>;
  /** Of requests that failed as a whole. */
  error: unknown;
  answered = false;

  constructor(call: BatchCall<Entry>, count: number) {
    this.#call = call;
    this.results = Array.from({ length: count }, () => accepted);
  }

  async send(batch: readonly Numbered<Entry>[]): Promise<void> {
    const { clock, random } = this.#call;
    let left = batch;
    for (let tries = 1; ; tries++) {
      left = await this.#once(left);
      if (left.length === 0 || tries === triesMax) return;
      const most = Math.min(backOffMsMax, backOffMs * 2 ** (tries - 1));
      await clock.sleep((random.float() * most + most) / 2);
    }
  }

  /** One request; those of the batch that are worth another. Their results say what they would end with. */
  async #once(batch: readonly Numbered<Entry>[]): Promise<readonly Numbered<Entry>[]> {
    const { groups, request } = this.#call;
    const grouped = groups?.used ?? false;
    let answer: BatchAnswer;
    try {
      answer = await request(batch.map(({ entry }) => entry));
    } catch (error) {
      return await this.#failed(batch, error, grouped);
    }
    this.answered = true;
    const answers = new Map<string, EntryResult>();
    for (const { Id: id = "" } of answer.Successful ?? []) answers.set(id, accepted);
    for (const failed of answer.Failed ?? []) {
      const { Id: id = "", Code: code = "", Message: message = code, SenderFault: senderFault = true } = failed;
      const meaning = meaningOf({ code, message, senderFault });
      const again = meaning === "busy" || (meaning === "no-groups" && grouped);
      if (meaning === "no-groups" && groups !== undefined) groups.used = false;
      answers.set(id, meaning === "stale" ? accepted : no(`${code}: ${message}`, again));
    }
    const left: Numbered<Entry>[] = [];
    for (const [position, numbered] of batch.entries()) {
      const result = answers.get(`${position}`) ?? no("The server did not answer for it.", true);
      this.results[numbered.index] = result;
      if (!result.ok && result.retryable) left.push(numbered);
    }
    return left;
  }

  /** A whole request failed; the entries that are worth another. */
  async #failed(
    batch: readonly Numbered<Entry>[],
    error: unknown,
    grouped: boolean,
  ): Promise<readonly Numbered<Entry>[]> {
    const meaning = meaningOf(requestFault(error));
    if (meaning === "no-groups" && grouped && this.#call.groups !== undefined) {
      this.#call.groups.used = false;
      return batch;
    }
    const aboutEntries = meaning === "too-long" || meaning === "stale";
    if (aboutEntries && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      for (const part of [batch.slice(0, half), batch.slice(half)]) await this.send(part);
      return [];
    }
    const translated = this.#call.translated(error);
    if (aboutEntries) this.answered = true;
    else this.error ??= translated;
    const retryable = translated instanceof SpotfoldError && translated.retryable;
    const result = meaning === "stale" ? accepted : no(messageOf(translated), retryable);
    for (const { index } of batch) this.results[index] = result;
    return [];
  }
}

function no(reason: string, retryable: boolean): EntryResult {
  return { ok: false, reason, retryable };
}

/** Answers in the order of the entries. Throws when no request got an answer. */
export async function inBatches<Entry>(entries: readonly Entry[], call: BatchCall<Entry>): Promise<EntryResult[]> {
  const run = new BatchRun(call, entries.length);
  const numbered = entries.map((entry, index) => ({ entry, index }));
  const limit = pLimit(requestsAtOnceMax);
  const batches = cutBatches(numbered, ({ entry }) => call.bytesOf(entry), call.bytesMax);
  await Promise.all(batches.map((batch) => limit(async () => await run.send(batch))));
  if (run.error !== undefined && !run.answered) throw run.error;
  return run.results;
}
