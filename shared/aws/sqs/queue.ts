/**
 * The JobQueue port over one SQS queue (a standard one).
 *
 * - Times travel in whole seconds, rounded up: a lease on the server is never shorter than its holder counts, and a long poll
 *   may last up to a second longer than asked. One that is not to wait waits for a second: SQS asks only some of its servers
 *   for it otherwise, and a queue would look empty that is not.
 * - One `lease` is one ReceiveMessage: at most ten messages. A message of a receive whose caller went away is released
 *   (receives.ts).
 * - Batches are cut by entries and bytes; what fails in them is tried again one by one (batch-call.ts).
 * - A message's group goes as MessageGroupId, by which SQS lets groups take turns; from the first refusal on it is left out.
 * - Handles are SQS's, with a mark: what has none was not given out by SQS and is no without asking. A handle whose lease is
 *   over is yes, whatever the server thinks of it.
 *
 * May go wrong: `no-such-store` (no such queue), `access-denied`, `store-unavailable`, … as errors.ts translates; thrown when
 * no request of a call got through, else said of each entry.
 */
import { createHash } from "node:crypto";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Clock, Random } from "../../ports/clock.ts";
import { checkLease, unknownHandle, whyNotDelayed, whyNotLeased, whyNotSent } from "../../ports/job-queue-limits.ts";
import type {
  EntryResult,
  JobQueue,
  Lease,
  LeaseOptions,
  OutgoingMessage,
  QueueCounts,
} from "../../ports/job-queue.ts";
import { inBatches, type BatchAnswer, type GroupUse } from "./batch-call.ts";
import { batchBytesDefault, batchEntriesMax, checkBatchBytes } from "./batches.ts";
import { translatedFrom } from "./errors.ts";
import { Receives } from "./receives.ts";

const secondMs = 1_000;
/** What makes a receive ask all servers that hold the queue. */
const waitSecondsMin = 1;
/** Beyond its long poll, a receive that has no answer is given up: the connection is half open. */
const receiveSlackMs = 10_000;
const handleMark = "sqs:";
/** What SQS takes as a MessageGroupId. */
const groupPattern = /^[\x21-\x7e]{1,128}$/;

export interface SqsJobQueueOptions {
  /** Shared with other queues; whoever made it destroys it. */
  readonly client: SQSClient;
  readonly url: string;
  /** For people. Default: the URL. */
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** All bodies of one batch: 262,144 (default, every server) to 1,048,576. */
  readonly batchBytesMax?: number;
}

interface HandleEntry {
  readonly handle: string;
  readonly ms: number;
  readonly refusal: EntryResult | undefined;
}

type Handles = readonly HandleEntry[];

function seconds(ms: number): number {
  return Math.ceil(ms / secondMs);
}

/** The same for the same group; a name that SQS would refuse goes as its hash. */
function groupIdOf(group: string): string {
  return groupPattern.test(group) ? group : createHash("sha256").update(group).digest("hex");
}

function receiptOf(handle: string): string {
  return handle.slice(handleMark.length);
}

function leaseOf({ Body: body, ReceiptHandle: receipt, Attributes: attributes }: Message): Lease {
  const receives = Number(attributes?.ApproximateReceiveCount);
  return {
    body: body ?? "",
    handle: `${handleMark}${receipt ?? ""}`,
    receiveCount: Number.isSafeInteger(receives) && receives > 0 ? receives : 1,
  };
}

export class SqsJobQueue implements JobQueue {
  readonly name: string;
  readonly #options: SqsJobQueueOptions;
  readonly #batchBytesMax: number;
  readonly #groups: GroupUse = { used: true };
  readonly #receives: Receives;

  constructor(options: SqsJobQueueOptions) {
    this.name = options.name ?? options.url;
    this.#options = options;
    this.#batchBytesMax = checkBatchBytes(options.batchBytesMax ?? batchBytesDefault);
    this.#receives = new Receives(
      options.clock,
      async (leases) => await this.release(leases.map(({ handle }) => ({ handle, delayMs: 0 }))),
    );
  }

  async send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]> {
    const { client, url } = this.#options;
    const entries = messages.map((message) => ({ message, refusal: whyNotSent(message) }));
    return await this.#each("sqs:SendMessage", entries, {
      groups: this.#groups,
      bytesOf: ({ message }) => Buffer.byteLength(message.body),
      request: async (batch) => {
        const grouped = this.#groups.used;
        const Entries = batch.map(({ message: { body, group, delayMs = 0 } }, index) => ({
          Id: `${index}`,
          MessageBody: body,
          ...(delayMs > 0 ? { DelaySeconds: seconds(delayMs) } : {}),
          ...(grouped && group !== undefined && group !== "" ? { MessageGroupId: groupIdOf(group) } : {}),
        }));
        return await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
      },
    });
  }

  /** Rejects with the signal's reason when it aborts before there is a message. */
  async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
    checkLease(this.name, max, options);
    return await this.#receives.take(async (cut) => await this.#receive(max, options, cut), options.signal);
  }

  async extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]> {
    return await this.#changeVisibility(
      entries.map(({ handle, leaseMs }) => ({ handle, ms: leaseMs, refusal: whyNotLeased(leaseMs) })),
    );
  }

  async release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]> {
    return await this.#changeVisibility(
      entries.map(({ handle, delayMs }) => ({ handle, ms: delayMs, refusal: whyNotDelayed(delayMs) })),
    );
  }

  async acknowledge(handles: readonly string[]): Promise<EntryResult[]> {
    const { client, url } = this.#options;
    const entries = handles.map((handle) => ({ handle, ms: 0, refusal: undefined }));
    return await this.#eachHandle("sqs:DeleteMessage", entries, async (batch) => {
      const Entries = batch.map(({ handle }, index) => ({ Id: `${index}`, ReceiptHandle: receiptOf(handle) }));
      return await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    });
  }

  async counts(): Promise<QueueCounts> {
    const { client, url } = this.#options;
    const [visible, leased, delayed] = [
      "ApproximateNumberOfMessages",
      "ApproximateNumberOfMessagesNotVisible",
      "ApproximateNumberOfMessagesDelayed",
    ] as const;
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [visible, leased, delayed] });
    try {
      const { Attributes: attributes = {} } = await client.send(command);
      const count = (name: keyof typeof attributes): number => Number(attributes[name] ?? 0);
      return { visible: count(visible), leased: count(leased), delayed: count(delayed) };
    } catch (error) {
      throw this.#translated("sqs:GetQueueAttributes", error);
    }
  }

  /** Leases that wait answer empty. Waits up to a second for receives that are under way. */
  async close(): Promise<void> {
    await this.#receives.close();
  }

  async #receive(max: number, { leaseMs, waitMs }: LeaseOptions, cut: AbortSignal): Promise<Lease[]> {
    const { client, url } = this.#options;
    const waitSeconds = Math.max(waitSecondsMin, seconds(waitMs));
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: Math.min(max, batchEntriesMax),
      VisibilityTimeout: seconds(leaseMs),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    const requestTimeout = waitSeconds * secondMs + receiveSlackMs;
    try {
      const { Messages: messages = [] } = await client.send(command, { abortSignal: cut, requestTimeout });
      return messages.map(leaseOf);
    } catch (error) {
      throw this.#translated("sqs:ReceiveMessage", error);
    }
  }

  async #changeVisibility(entries: Handles): Promise<EntryResult[]> {
    const { client, url } = this.#options;
    return await this.#eachHandle("sqs:ChangeMessageVisibility", entries, async (batch) => {
      const Entries = batch.map(({ handle, ms }, index) => ({
        Id: `${index}`,
        ReceiptHandle: receiptOf(handle),
        VisibilityTimeout: seconds(ms),
      }));
      return await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
    });
  }

  async #eachHandle(
    action: string,
    entries: Handles,
    request: (batch: Handles) => Promise<BatchAnswer>,
  ): Promise<EntryResult[]> {
    const known = entries.map((entry) => ({
      ...entry,
      refusal:
        entry.handle.length > handleMark.length && entry.handle.startsWith(handleMark) ? entry.refusal : unknownHandle,
    }));
    return await this.#each(action, known, { request, bytesOf: () => 0 });
  }

  /** Asks the server about those that are not refused before. */
  async #each<Entry extends { readonly refusal: EntryResult | undefined }>(
    action: string,
    entries: readonly Entry[],
    call: {
      readonly request: (batch: readonly Entry[]) => Promise<BatchAnswer>;
      readonly bytesOf: (entry: Entry) => number;
      readonly groups?: GroupUse;
    },
  ): Promise<EntryResult[]> {
    const { clock, random } = this.#options;
    const answers = await inBatches(
      entries.filter(({ refusal }) => refusal === undefined),
      {
        ...call,
        bytesMax: this.#batchBytesMax,
        translated: (error) => this.#translated(action, error),
        clock,
        random,
      },
    );
    const inOrder = answers.values();
    return entries.map(({ refusal }) => refusal ?? (inOrder.next().value as EntryResult));
  }

  #translated(action: string, error: unknown): unknown {
    return translatedFrom(error, { queue: this.name, url: this.#options.url, action });
  }
}
