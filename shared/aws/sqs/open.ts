/** The two queues of a place, over one client. */
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Clock, Random } from "../../ports/clock.ts";
import { regionDefault, sqsClientConfig, type AwsOptions } from "../client.ts";
import { batchBytesDefault, checkBatchBytes } from "./batches.ts";
import { translatedFrom } from "./errors.ts";
import { parseSqsPlace, type QueuePlace } from "./place.ts";
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
  close(): Promise<void>;
}

/** The client's; to be destroyed. */
function clientFor(place: QueuePlace, aws: AwsOptions): SQSClient {
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
 * name needs `sqs:GetQueueUrl`, by URL nothing.
 */
export async function openSqsQueues(text: string, options: SqsOptions): Promise<SqsQueues> {
  const place = parseSqsPlace(text);
  const { clock, random } = options;
  const batchBytesMax = checkBatchBytes(options.batchBytesMax ?? batchBytesDefault);
  const client = clientFor(place, options.aws);
  const urlOf = async (queue: string): Promise<string> => {
    if (place.kind === "urls") return queue;
    const action = "sqs:GetQueueUrl";
    try {
      const { QueueUrl: url = "" } = await client.send(new GetQueueUrlCommand({ QueueName: queue }));
      return url;
    } catch (error) {
      throw translatedFrom(error, { queue: `sqs://${queue}`, url: queue, action });
    }
  };
  const open = async (queue: string): Promise<SqsJobQueue> => {
    const name = place.kind === "urls" ? queue : `sqs://${queue}`;
    return new SqsJobQueue({ client, url: await urlOf(queue), name, clock, random, batchBytesMax });
  };
  try {
    const [jobs, ready] = await Promise.all([open(place.jobs), open(place.ready)]);
    return {
      jobs,
      ready,
      close: async () => {
        await Promise.all([jobs.close(), ready.close()]);
        client.destroy();
      },
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}
