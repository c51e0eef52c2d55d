/**
 * The queues of a place, over one client: the two that it names, and the dead-letter queue that the redrive policy of the jobs
 * queue names. There may be none, and there need be none: null, also for whoever may not ask.
 */
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SpotfoldError } from "../../errors.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import { regionDefault, sqsClientConfig, type AwsOptions } from "../client.ts";
import { batchBytesDefault, checkBatchBytes } from "./batches.ts";
import { translatedFrom } from "./errors.ts";
import { deadQueueIn, parseSqsPlace, type QueueOwned, type QueuePlace } from "./place.ts";
import { SqsJobQueue } from "./queue.ts";

export interface SqsOptions {
  readonly aws: AwsOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** As of `SqsJobQueue`. */
  readonly batchBytesMax?: number;
}

export interface SqsQueues {
  readonly jobs: SqsJobQueue;
  readonly ready: SqsJobQueue;
  /** Null: the jobs queue has no redrive policy, or we may not know. */
  readonly dead: SqsJobQueue | null;
  close(): Promise<void>;
}

interface FoundQueue {
  readonly url: string;
  /** For people. */
  readonly name: string;
}

/** A client for the queues of a place; to be destroyed. */
export function clientFor(place: QueuePlace, aws: AwsOptions): SQSClient {
  const endpoint = place.kind === "urls" ? place.endpoint : aws.sqsEndpoint;
  const found = place.kind === "urls" ? place.region : undefined;
  // A server that is not AWS's has one region or takes any.
  const region = found ?? aws.region ?? (endpoint === undefined ? undefined : regionDefault);
  return new SQSClient({
    ...sqsClientConfig({
      ...aws,
      ...(endpoint === undefined ? {} : { sqsEndpoint: endpoint }),
      ...(region === undefined ? {} : { region }),
    }),
    // The endpoint is the one that was configured, also where a server names its queues by a host that only it knows.
    useQueueUrlAsEndpoint: false,
  });
}

/**
 * Both queues of `sqs://NAME` or a queue's URL; they must be there: `no-such-store` names the one that is not. Opening by
 * name needs `sqs:GetQueueUrl`, by URL nothing; `sqs:GetQueueAttributes` of the jobs queue and `sqs:GetQueueUrl` of the
 * dead-letter queue are asked for and may be denied.
 */
export async function openSqsQueues(text: string, options: SqsOptions): Promise<SqsQueues> {
  const place = parseSqsPlace(text);
  const { clock, random } = options;
  const batchBytesMax = checkBatchBytes(options.batchBytesMax ?? batchBytesDefault);
  const client = clientFor(place, options.aws);
  const find = async (queue: string): Promise<FoundQueue> =>
    place.kind === "urls"
      ? { url: queue, name: queue }
      : { url: await urlOf(client, { name: queue }), name: `sqs://${queue}` };
  const open = (at: FoundQueue): SqsJobQueue => new SqsJobQueue({ client, ...at, clock, random, batchBytesMax });
  try {
    const found = await Promise.all([find(place.jobs), find(place.ready)]);
    const [jobs, ready] = [open(found[0]), open(found[1])];
    const deadUrl = await deadUrlOf(client, found[0]);
    const dead = deadUrl === null ? null : open({ url: deadUrl, name: `the dead-letter queue of ${jobs.name}` });
    return {
      jobs,
      ready,
      dead,
      close: async () => {
        await Promise.all([jobs.close(), ready.close(), dead?.close()]);
        client.destroy();
      },
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** Throws `no-such-store` and what else SQS may say. */
export async function urlOf(client: SQSClient, { name, account }: QueueOwned): Promise<string> {
  const owner = account === undefined ? {} : { QueueOwnerAWSAccountId: account };
  try {
    const { QueueUrl: url = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name, ...owner }));
    return url;
  } catch (error) {
    const { profile } = client.config;
    // Where there is none, that is what went wrong.
    const region = await client.config.region().catch(() => undefined);
    const where = { ...(region === undefined ? {} : { region }), ...(profile === undefined ? {} : { profile }) };
    throw translatedFrom(error, { queue: `sqs://${name}`, url: name, action: "sqs:GetQueueUrl", ...where });
  }
}

/**
 * Null: there is none, it is gone, we may not ask, or the server knows no such thing. Only what another try may cure is thrown:
 * a master would go without it for as long as it lives.
 */
async function deadUrlOf(client: SQSClient, jobs: FoundQueue): Promise<string | null> {
  try {
    const policy = await redriveOf(client, jobs);
    const dead = policy === undefined ? null : deadQueueIn(policy);
    return dead === null ? null : await urlOf(client, dead);
  } catch (error) {
    if (error instanceof SpotfoldError && !error.retryable) return null;
    throw error;
  }
}

async function redriveOf(client: SQSClient, { url, name: queue }: FoundQueue): Promise<string | undefined> {
  try {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["RedrivePolicy"] });
    return (await client.send(command)).Attributes?.RedrivePolicy;
  } catch (error) {
    throw translatedFrom(error, { queue, url, action: "sqs:GetQueueAttributes" });
  }
}
