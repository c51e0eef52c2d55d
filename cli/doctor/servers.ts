/** Checks of what is on the other side of the wire: its clock, its region, its version, and ours. */
import type { BucketLook } from "../../shared/aws/look-bucket.ts";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { packageVersion } from "../../shared/package-root.ts";
import { isFolder } from "../compose/ports.ts";
import { timeText } from "../report/lines.ts";
import type { Check, Finding } from "./check.ts";
import type { LookAtBucket } from "./looks.ts";

/** A Date has whole seconds. */
const dateStepMs = 1_000;
/** Signatures are refused from 15 min on; long before, something is wrong with a clock that is kept by the network. */
const skewMsMax = 5 * 60_000;
const skewMsTold = 30_000;

/** Empty where everything is on this machine, but for our own version. */
export function serverChecks(settings: Settings, look: LookAtBucket): readonly Check[] {
  const { store, web, queue } = settings;
  const buckets = [...new Set([store, web].filter((place) => !isFolder(place)))];
  const version: Check = { name: "versions", run: async () => await versions(settings, buckets, look) };
  if (buckets.length === 0 && !isSqsPlace(queue)) return [version];
  return [
    ...buckets.map((place): Check => ({ name: "date", run: async () => skewOf(await look(place)) })),
    { name: "region", run: async () => await regions(settings, buckets, look) },
    version,
  ];
}

/** By how much our clock is surely away from the store's: ahead is positive. */
export function surelyAheadMs({
  storeTime,
  ourTime: [asked, answered],
}: Pick<BucketLook, "ourTime"> & { storeTime: number }): number {
  if (asked > storeTime + dateStepMs) return asked - storeTime - dateStepMs;
  return answered < storeTime ? answered - storeTime : 0;
}

export function skewOf({ bucket, storeTime, ourTime }: Pick<BucketLook, "bucket" | "storeTime" | "ourTime">): Finding {
  if (storeTime === undefined) {
    throw new SpotfoldError("store-unfit", `s3://${bucket} does not tell its time: its answers carry no Date.`, {
      hint: "Use a server that sends the Date header, as S3 does.",
    });
  }
  const ahead = surelyAheadMs({ storeTime, ourTime });
  const by = timeText(Math.abs(ahead));
  const detail = `s3://${bucket}: our clock is ${by} ${ahead > 0 ? "ahead" : "behind"}`;
  const hint = "Let the clock be kept by the network: timedatectl set-ntp true, or chrony.";
  if (Math.abs(ahead) > skewMsMax) throw new SpotfoldError("clock-skew", detail, { hint });
  if (Math.abs(ahead) > skewMsTold) return { detail, hint };
  return Math.abs(ahead) < dateStepMs ? `s3://${bucket}: our clocks agree` : detail;
}

async function regions({ queue, aws }: Settings, buckets: readonly string[], look: LookAtBucket): Promise<string> {
  const found = await Promise.all(buckets.map(async (place) => `${place} ${(await look(place)).region}`));
  if (!isSqsPlace(queue)) return found.join(", ");
  const { regionOfQueues } = await import("../../shared/aws/sqs/look-queues.ts");
  return [...found, `${queue} ${await regionOfQueues(queue, aws)}`].join(", ");
}

async function versions({ queue }: Settings, buckets: readonly string[], look: LookAtBucket): Promise<string> {
  const ours = [`spotfold ${packageVersion()}`, `Node ${process.versions.node}`];
  if (buckets.length === 0 && !isSqsPlace(queue)) return ours.join(", ");
  const { sdkVersion } = await import("../../shared/aws/sdk-version.ts");
  // A server that cannot be reached fails in other checks.
  const looks = await Promise.allSettled(buckets.map(look));
  const servers = looks.flatMap((settled) => (settled.status === "fulfilled" ? [settled.value.server] : []));
  const named = [...new Set(servers)].filter((server) => server !== undefined);
  return [...ours, `AWS SDK ${await sdkVersion()}`, ...named].join(", ");
}
