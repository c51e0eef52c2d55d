/**
 * A process that opens a store as every command does, by its environment alone: writes a blob, reads it, and prints one line of
 * JSON, what it read and what was configured, or the error in words.
 *
 *   node opener.ts PLACE
 */
import { configured } from "../../../shared/aws/configured.ts";
import { S3BlobStore } from "../../../shared/aws/store.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { awsOptions } from "../../../shared/config/aws.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { readAll } from "../../../shared/read-all.ts";

export type Opened =
  | { readonly text: string; readonly endpoint: string | null; readonly region: string | null }
  | { readonly code: string; readonly message: string; readonly hint: string | null };

async function open(place: string): Promise<Opened> {
  const aws = awsOptions(process.env);
  try {
    const store = await S3BlobStore.open({ place, aws, clock: systemClock, random: systemRandom });
    await store.put("k", Buffer.from("by profile"));
    const blob = await readAll(store, "k");
    await store.close();
    const { s3Endpoint = null, region = null } = await configured(aws);
    return { text: Buffer.from(blob?.bytes ?? []).toString(), endpoint: s3Endpoint, region };
  } catch (error) {
    if (!(error instanceof SpotfoldError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  }
}

process.stdout.write(`${JSON.stringify(await open(process.argv[2] ?? ""))}\n`);
