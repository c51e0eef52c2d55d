/** The queues of a place, to be tried (probe.ts) and looked at, for `doctor`. */
import type { AwsOptions } from "../client.ts";
import { codeOf } from "../../errors.ts";
import { clientFor, urlOf } from "./open.ts";
import { deadQueueIn, parseSqsPlace } from "./place.ts";
import { QueueProbe } from "./probe.ts";

/** What becomes of messages that nobody deals with. */
export type DeadLook =
  | { readonly state: "there"; readonly queue: string; readonly receives: number }
  /** The jobs queue's redrive policy names a queue that is not there. */
  | { readonly state: "gone"; readonly queue: string }
  | { readonly state: "absent" | "not looked at" };

export interface LookedQueues {
  readonly jobs: QueueProbe;
  readonly ready: QueueProbe;
  dead(): Promise<DeadLook>;
  close(): void;
}

/** `bodies`: of the messages that are sent to try the queues. Throws as `openSqsQueues` does. */
export async function lookAtQueues(
  text: string,
  aws: AwsOptions,
  bodies: { readonly jobs: string; readonly ready: string },
): Promise<LookedQueues> {
  const place = parseSqsPlace(text);
  const client = clientFor(place, aws);
  const probe = async (queue: string, body: string): Promise<QueueProbe> => {
    const isUrl = place.kind === "urls";
    const url = isUrl ? queue : await urlOf(client, { name: queue });
    return new QueueProbe({ client, url, name: isUrl ? queue : `sqs://${queue}`, body });
  };
  try {
    const [jobs, ready] = await Promise.all([probe(place.jobs, bodies.jobs), probe(place.ready, bodies.ready)]);
    return {
      jobs,
      ready,
      dead: async () => {
        const policy = await redriveOf(jobs);
        if (policy === undefined) return { state: "not looked at" };
        const dead = deadQueueIn(policy);
        if (dead === null) return { state: "absent" };
        try {
          await urlOf(client, dead);
        } catch (error) {
          return codeOf(error) === "no-such-store" ? { state: "gone", queue: dead.name } : { state: "not looked at" };
        }
        return { state: "there", queue: dead.name, receives: receivesIn(policy) };
      },
      close: () => client.destroy(),
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** The one that requests for the queues of this place are signed for. */
export async function regionOfQueues(text: string, aws: AwsOptions): Promise<string> {
  const client = clientFor(parseSqsPlace(text), aws);
  try {
    return await client.config.region();
  } finally {
    client.destroy();
  }
}

/** Undefined where we may not ask. */
async function redriveOf(jobs: QueueProbe): Promise<string | undefined> {
  try {
    return (await jobs.attributes(["RedrivePolicy"]))["RedrivePolicy"] ?? "";
  } catch {
    return undefined;
  }
}

function receivesIn(policy: string): number {
  return Number((JSON.parse(policy) as { readonly maxReceiveCount?: unknown }).maxReceiveCount);
}
