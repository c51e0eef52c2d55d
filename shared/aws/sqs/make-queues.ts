/**
 * Makes the queues of a place where they are absent: NAME-dead, then NAME-jobs with a redrive policy to it, then NAME-ready.
 * One that is there is left as it is, whatever its attributes; `doctor` says what it lacks.
 *
 *   look --there--> left          look --absent--> create --made
 *                                                    '--QueueNameExists: somebody was quicker--> there
 *
 * Encryption by SQS's own keys is asked for; a server that does not know it makes the queue without.
 */
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { SpotfoldError } from "../../errors.ts";
import type { AwsOptions } from "../client.ts";
import { faultOf } from "../fault.ts";
import { failed, type Made } from "../made.ts";
import { translatedFrom } from "./errors.ts";
import { meaningOf, requestFault } from "./meanings.ts";
import { clientFor } from "./open.ts";
import { deadQueueOf, parseSqsPlace, receivesMax } from "./place.ts";

/** SQS's longest. A message that is lost earlier is sent again, but why make work. */
const retentionSeconds = 14 * 24 * 3_600;
/** SQS's longest; each receive of ours says its own. */
const waitSeconds = 20;
const encryption = "SqsManagedSseEnabled";

type Attributes = Partial<Record<QueueAttributeName, string>>;

/**
 * `leaseMs`: the queue's own default, for tools that do not say theirs. Throws `usage` for a URL: nobody can choose one. What
 * the server says is in what it yields.
 */
export async function* makeQueues(text: string, aws: AwsOptions, leaseMs: number): AsyncGenerator<Made> {
  const place = parseSqsPlace(text);
  if (place.kind === "urls") {
    throw new SpotfoldError("usage", `${text} is a queue's URL, and a queue that is made gets a URL from the server.`, {
      hint: "Name it sqs://NAME to have it made, or make it yourself.",
    });
  }
  const client = clientFor(place, aws);
  const common: Attributes = {
    MessageRetentionPeriod: `${retentionSeconds}`,
    ReceiveMessageWaitTimeSeconds: `${waitSeconds}`,
    VisibilityTimeout: `${Math.ceil(leaseMs / 1_000)}`,
  };
  try {
    const dead = deadQueueOf(place.jobs);
    const first = await make(client, dead, common);
    yield first.made;
    // Without it the jobs queue would be made so that nobody mends it: one that is there is not changed.
    if (first.url === undefined) yield notTried(place.jobs, dead);
    else yield (await make(client, place.jobs, common, first.url)).made;
    yield (await make(client, place.ready, common)).made;
  } finally {
    client.destroy();
  }
}

function notTried(queue: string, dead: string): Made {
  const detail = `Not tried: its messages that nobody deals with are to go to ${dead}, which is not there.`;
  return { what: `queue ${queue}`, state: "failed", detail };
}

interface Making {
  readonly made: Made;
  /** Undefined when it failed. */
  readonly url?: string;
}

/** `deadUrl`: where messages go that were received too often. */
async function make(client: SQSClient, name: string, common: Attributes, deadUrl?: string): Promise<Making> {
  const what = `queue ${name}`;
  try {
    const found = await urlOf(client, name);
    if (found !== undefined) return { url: found, made: { what, state: "there", detail: `${found}; left as it is` } };
    const redrive = deadUrl === undefined ? {} : { RedrivePolicy: await redrivePolicy(client, deadUrl) };
    const url = await create(client, name, { ...common, ...redrive });
    if (url !== undefined) return { url, made: { what, state: "made", detail: url } };
    const theirs = (await urlOf(client, name)) ?? "";
    return { url: theirs, made: { what, state: "there", detail: `${theirs}; somebody else made it just now` } };
  } catch (error) {
    return { made: failed(what, error) };
  }
}

/** Undefined when there is none. */
async function urlOf(client: SQSClient, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (meaningOf(requestFault(error)) === "no-queue") return undefined;
    throw translatedFrom(error, { queue: `sqs://${name}`, url: name, action: "sqs:GetQueueUrl" });
  }
}

async function redrivePolicy(client: SQSClient, deadUrl: string): Promise<string> {
  const command = new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ["QueueArn"] });
  try {
    const { Attributes: attributes } = await client.send(command);
    return JSON.stringify({ deadLetterTargetArn: attributes?.QueueArn, maxReceiveCount: receivesMax });
  } catch (error) {
    throw translatedFrom(error, { queue: deadUrl, url: deadUrl, action: "sqs:GetQueueAttributes" });
  }
}

/** Undefined when there is one of that name with other attributes. */
async function create(client: SQSClient, name: string, attributes: Attributes): Promise<string | undefined> {
  const request = async (asked: Attributes): Promise<string | undefined> =>
    (await client.send(new CreateQueueCommand({ QueueName: name, Attributes: asked }))).QueueUrl;
  try {
    return await request({ ...attributes, [encryption]: "true" }).catch(async (error: unknown) => {
      if (!faultOf(error).message.includes(encryption) && !/InvalidAttributeName/.test(faultOf(error).code))
        throw error;
      return await request(attributes);
    });
  } catch (error) {
    if (/^(?:AWS\.SimpleQueueService\.)?Queue(?:NameExists|AlreadyExists)$/.test(faultOf(error).code)) return undefined;
    throw translatedFrom(error, { queue: `sqs://${name}`, url: name, action: "sqs:CreateQueue" });
  }
}
