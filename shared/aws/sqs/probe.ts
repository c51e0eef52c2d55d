/**
 * Tries the rights that a queue is worked with, beside whoever works on it, and harms nobody.
 *
 *   send     a message that everybody takes for nothing (`body` is the caller's choice)
 *   lease    the queue seemed empty: our message is leased, as a worker would; somebody else's that comes instead is given
 *            back at once. The queue has messages: one is received with a lease of 0 s, which hides it from nobody; all that
 *            it leaves is one more in a job's count of receives (the dead-letter queue takes it after 1,000)
 *   extend   our message, where we hold it. Else a handle that is none: SQS asks for the right before it looks at the handle,
 *            so "there is no such handle" says that we might
 *   ack      the same
 *
 * A worker that waits on the queue mostly is quicker than we are: then the message is gone, as it should be.
 */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type QueueAttributeName,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { SpotfoldError } from "../../errors.ts";
import { translatedFrom } from "./errors.ts";
import { meaningOf, requestFault } from "./meanings.ts";

/** Of our own message. */
const leaseSeconds = 30;
/** Makes a receive ask all servers that hold the queue. */
const waitSeconds = 1;
/** Receives of a queue that seemed empty: counts are late, so there may be somebody else's messages. */
const receivesMax = 3;
const noHandle = "spotfold-doctor-this-is-no-handle";

export interface ProbedQueue {
  readonly client: SQSClient;
  readonly url: string;
  /** For people. */
  readonly name: string;
  readonly body: string;
}

/** Its steps are made in order; each throws in words what the server refuses. */
export class QueueProbe {
  readonly #queue: ProbedQueue;
  #seemedEmpty = false;
  #sent: string | undefined;
  #receipt: string | undefined;

  constructor(queue: ProbedQueue) {
    this.#queue = queue;
  }

  /** Whether our message was leased, extended and acknowledged, rather than one right after the other asked for. */
  get held(): boolean {
    return this.#receipt !== undefined;
  }

  async attributes(names: readonly QueueAttributeName[]): Promise<Partial<Record<string, string>>> {
    return await this.#ask("sqs:GetQueueAttributes", async ({ client, url }) => {
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
      return (await client.send(command)).Attributes ?? {};
    });
  }

  /** About how many messages wait, are leased, or are delayed. */
  async count(): Promise<number> {
    const names = ["", "NotVisible", "Delayed"].map((end) => `ApproximateNumberOfMessages${end}` as QueueAttributeName);
    const counts = await this.attributes(names);
    this.#seemedEmpty = Number(counts["ApproximateNumberOfMessages"] ?? 0) === 0;
    return names.reduce((sum, name) => sum + Number(counts[name] ?? 0), 0);
  }

  async send(): Promise<void> {
    await this.#ask("sqs:SendMessage", async ({ client, url, body }) => {
      this.#sent = (await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))).MessageId;
    });
  }

  async lease(): Promise<void> {
    if (!this.#seemedEmpty || this.#sent === undefined) {
      await this.#receive(0);
      return;
    }
    for (let receives = 0; receives < receivesMax && !this.held; receives++) {
      const { MessageId: id, ReceiptHandle: receipt } = (await this.#receive(leaseSeconds)) ?? {};
      if (id === this.#sent) this.#receipt = receipt;
      // What cannot be given back comes back by itself.
      else if (receipt !== undefined) await this.#changeVisibility(receipt, 0).catch(() => undefined);
    }
  }

  async extend(): Promise<void> {
    await this.#withHandle(async (receipt) => await this.#changeVisibility(receipt, leaseSeconds));
  }

  async acknowledge(): Promise<void> {
    await this.#withHandle(async (receipt) => {
      await this.#ask("sqs:DeleteMessage", async ({ client, url }) => {
        await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt }));
      });
    });
  }

  async #receive(visibilitySeconds: number) {
    return await this.#ask("sqs:ReceiveMessage", async ({ client, url }) => {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 1,
        VisibilityTimeout: visibilitySeconds,
        WaitTimeSeconds: waitSeconds,
      });
      return (await client.send(command)).Messages?.[0];
    });
  }

  async #changeVisibility(receipt: string, visibilitySeconds: number): Promise<void> {
    await this.#ask("sqs:ChangeMessageVisibility", async ({ client, url }) => {
      const entry = { ReceiptHandle: receipt, VisibilityTimeout: visibilitySeconds };
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ...entry }));
    });
  }

  async #withHandle(use: (receipt: string) => Promise<void>): Promise<void> {
    if (this.#receipt !== undefined) {
      await use(this.#receipt);
      return;
    }
    try {
      await use(noHandle);
    } catch (error) {
      const { cause } = error as SpotfoldError;
      if (cause === undefined || meaningOf(requestFault(cause)) !== "stale") throw error;
    }
  }

  async #ask<Answer>(action: string, request: (queue: ProbedQueue) => Promise<Answer>): Promise<Answer> {
    const { name: queue, url } = this.#queue;
    try {
      return await request(this.#queue);
    } catch (error) {
      throw translatedFrom(error, { queue, url, action });
    }
  }
}
