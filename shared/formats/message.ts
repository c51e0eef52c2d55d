/** What the queues carry. Both are hints: losing one costs latency, never a result. */
import * as v from "valibot";
import { isJobId, isPlanName } from "../names.ts";
import { countSchema, idSchema, sha256Schema } from "./run.ts";

export const planNameSchema = v.pipe(v.string(), v.check(isPlanName, "not a plan's name"));
export const jobIdSchema = v.pipe(v.string(), v.check(isJobId, "not a job's id"));

/** A job's list of files travels in the message up to this size (a quarter of the smallest limit among queue servers). */
export const inlineBlocksBytesMax = 64 * 1024;

export const jobMessageSchema = v.object({
  format: v.literal(1),
  run: idSchema,
  aggregate: idSchema,
  plan: planNameSchema,
  job: jobIdSchema,
  bundle: sha256Schema,
  /** Counts the times that the master sent this job. */
  send: countSchema,
  /** Digest of the block list. */
  digest: v.string(),
  /** Rows of the block list (see plan.ts), when they fit; else they are read from the plan. */
  blocks: v.exactOptional(v.array(v.unknown())),
});

export type JobMessage = v.InferOutput<typeof jobMessageSchema>;

export const readyMessageSchema = v.object({
  format: v.literal(1),
  aggregate: idSchema,
  plan: planNameSchema,
  job: jobIdSchema,
});

export type ReadyMessage = v.InferOutput<typeof readyMessageSchema>;
