/**
 * A process that opens a store and queues as every command does, by its environment alone: writes a blob, reads it, counts
 * jobs, and prints one line of JSON, what it read and what was configured, or the error in words.
 *
 *   node opener.ts PLACE QUEUE
 */
import { configured } from "../../../shared/aws/configured.ts";
import { S3BlobStore } from "../../../shared/aws/store.ts";
import { openSqsQueues } from "../../../shared/aws/sqs/open.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { awsOptions } from "../../../shared/config/aws.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { readAll } from "../../../shared/read-all.ts";

export type Opened =
  | { readonly text: string; readonly jobs: number; readonly endpoint: string | null; readonly region: string | null }
  | { readonly code: string; readonly message: string; readonly hint: string | null };

async function open(place: string, queue: string): Promise<Opened> {
  const aws = awsOptions(process.env);
  const ports = { clock: systemClock, random: systemRandom };
  try {
    const store = await S3BlobStore.open({ place, aws, ...ports });
    await store.put("k", Buffer.from("by profile"));
    const blob = await readAll(store, "k");
    await store.close();
    const queues = await openSqsQueues(queue, { aws, ...ports });
    const { visible } = await queues.jobs.counts();
    await queues.close();
    const { s3Endpoint = null, region = null } = await configured(aws);
    return { text: Buffer.from(blob?.bytes ?? []).toString(), jobs: visible, endpoint: s3Endpoint, region };
  } catch (error) {
    if (!(error instanceof SpotfoldError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  }
}

process.stdout.write(`${JSON.stringify(await open(process.argv[2] ?? "", process.argv[3] ?? ""))}\n`);
