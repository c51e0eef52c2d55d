/**
 * Checks of buckets and of queues of SQS: rights, each as it is used; what is written is deleted again. And what Spotfold does
 * without, but is worth a word: a warning.
 */
import type { BucketLook, Found } from "../../shared/aws/look-bucket.ts";
import { systemRandom } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { openStore, openWebStore, openWorkStore } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { counted } from "../report/lines.ts";
import { blobSteps } from "./blobs.ts";
import type { Finding } from "./check.ts";
import { tryEach, type Step } from "./tried.ts";

/** What is not there can be made; a dataset's bucket is the user's own affair. */
async function orMade<Result>(check: () => Promise<Result>): Promise<Result> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof SpotfoldError) || error.code !== "no-such-store") throw error;
    const { code, message, hint = "", context, cause } = error;
    if (hint.includes("init --create")) throw error;
    const makeIt = `${hint} If it was never made: spotfold init --create makes it.`;
    throw new SpotfoldError(code, message, { hint: makeIt.trim(), context, cause });
  }
}

const useAnother = "Use a server that keeps what S3 promises (docs/backends.md).";
const idDigits = 16;

/** The last step asks whether conditions hold between two clients, as every daemon does at its start. */
export async function checkStoreBucket(settings: Settings): Promise<string> {
  return await withScope(async (scope) => {
    const store = await orMade(async () => await openStore(settings, scope));
    const run = async (): Promise<void> =>
      await withScope(async (inner) => void (await openWorkStore(settings, inner)));
    const conditions: Step = { name: "conditions", run, after: ["get", "create", "swap", "delete"] };
    return `${settings.store}: ${await tryEach(settings.store, [...blobSteps(store, useAnother), conditions])}`;
  });
}

/** As publishing writes: with the headers that browsers read. */
export async function checkWebBucket(settings: Settings): Promise<string> {
  return await withScope(async (scope) => {
    const store = await orMade(async () => await openWebStore(settings.web, settings, scope));
    return `${settings.web}: ${await tryEach(settings.web, blobSteps(store, useAnother))}`;
  });
}

/**
 * Messages that harm nobody. The jobs queue's is of a run that there is none of: a worker of any version looks for the run,
 * does not find it, and drops the message. The ready queue's is read by no master: it only wakes one up.
 */
function harmless(): { readonly jobs: string; readonly ready: string } {
  const job = { format: 1, aggregate: "doctor", plan: "doctor.000000000000", job: "000000" };
  const run = `doctor-${systemRandom.hex(idDigits)}`;
  const nothing = { bundle: "0".repeat(64), send: 1, digest: "", blocks: [] };
  return { jobs: JSON.stringify({ ...job, run, ...nothing }), ready: JSON.stringify(job) };
}

export async function checkSqs({ queue: place, aws }: Settings): Promise<string> {
  const { lookAtQueues } = await import("../../shared/aws/sqs/look-queues.ts");
  const queues = await orMade(async () => await lookAtQueues(place, aws, harmless()));
  try {
    let jobs = 0;
    const steps = (["jobs", "ready"] as const).flatMap((end): Step[] => {
      const probe = queues[end];
      const step = (name: string, run: () => Promise<unknown>): Step => ({
        name: `${name} (${end})`,
        run: async () => void (await run()),
      });
      const count = async (): Promise<void> => {
        const messages = await probe.count();
        if (end === "jobs") jobs = messages;
      };
      return [
        step("count", count),
        step("send", async () => await probe.send()),
        step("lease", async () => await probe.lease()),
        step("extend", async () => await probe.extend()),
        step("ack", async () => await probe.acknowledge()),
      ];
    });
    await tryEach(place, steps);
    return `${place}: count, send, lease, extend, ack of both queues; about ${counted(jobs, "job")}`;
  } finally {
    queues.close();
  }
}

/** Without a dead-letter queue a message that nobody deals with goes round until it is 14 days old. */
export async function checkDead({ queue: place, aws }: Settings): Promise<Finding> {
  const { lookAtQueues } = await import("../../shared/aws/sqs/look-queues.ts");
  const queues = await lookAtQueues(place, aws, harmless());
  try {
    const dead = await queues.dead();
    switch (dead.state) {
      case "there":
        return `messages that were received ${dead.receives} times go to ${dead.queue}`;
      case "not looked at":
        return "not looked at: sqs:GetQueueAttributes on the jobs queue, or sqs:GetQueueUrl on the other, is denied";
      case "gone":
        return { detail: `the redrive policy names ${dead.queue}, which is not there`, hint: makeDead(place) };
      case "absent":
        return { detail: "there is no dead-letter queue: what nobody deals with goes round", hint: makeDead(place) };
    }
  } finally {
    queues.close();
  }
}

function makeDead(place: string): string {
  return `Make one, and name it in the redrive policy of the jobs queue of ${place} with maxReceiveCount 1000 (docs/aws.md).`;
}

/** What the bill shows and what browsers need; asking for it may be denied. */
export function termsOf({ bucket, uploadRule, cors }: BucketLook, forBrowsers: boolean): Finding {
  const uploads: Readonly<Record<Found, string>> = {
    there: "uploads that broke off are ended",
    absent: "uploads that broke off stay, and are paid for",
    "not looked at": "lifecycle not looked at (s3:GetLifecycleConfiguration is denied)",
  };
  const browsers: Readonly<Record<Found, string>> = {
    there: "pages of other origins may read",
    absent: "pages of other origins may not read (no CORS)",
    "not looked at": "CORS not looked at (s3:GetBucketCORS is denied)",
  };
  const detail = `s3://${bucket}: ${uploads[uploadRule]}${forBrowsers ? `; ${browsers[cors]}` : ""}`;
  if (uploadRule !== "absent") return detail;
  return { detail, hint: "Add a lifecycle rule with AbortIncompleteMultipartUpload after 1 day (docs/aws.md)." };
}
