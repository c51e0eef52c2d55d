/** Queues on a server that speaks SQS, and ways to them, for tests. */
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { sqsClientConfig } from "../../shared/aws/client.ts";
import { SqsJobQueue, type SqsJobQueueOptions } from "../../shared/aws/sqs/queue.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { atEnd } from "./cleanup.ts";

const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/** Destroyed at the end of the test, or of the run. */
export function sqsClient(endpoint: string, attemptsMax = 3): SQSClient {
  const client = new SQSClient({
    ...sqsClientConfig({ sqsEndpoint: endpoint, region: "us-east-1", attemptsMax }),
    credentials,
    useQueueUrlAsEndpoint: false,
  });
  atEnd(() => client.destroy());
  return client;
}

/** Its URL. */
export async function createQueue(client: SQSClient, name: string): Promise<string> {
  const { QueueUrl: url } = await client.send(new CreateQueueCommand({ QueueName: name }));
  if (url === undefined) throw new Error(`${name} was not created`);
  return url;
}

export function sqsQueue(
  options: Pick<SqsJobQueueOptions, "client" | "url"> & Partial<SqsJobQueueOptions>,
): SqsJobQueue {
  return new SqsJobQueue({ clock: systemClock, random: systemRandom, ...options });
}
