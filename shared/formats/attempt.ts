/**
 * An attempt's record: created when it starts, completed when it ends without a resolution. No end and no resolution that
 * names it = vanished. Retry budgets are counted from these records.
 */
import * as v from "valibot";
import { isAttemptId } from "../names.ts";
import { jobIdSchema, planNameSchema } from "./message.ts";
import { countSchema, idSchema } from "./run.ts";

export const attemptIdSchema = v.pipe(v.string(), v.check(isAttemptId, "not an attempt's id"));

/** Why an attempt, or one block of it, failed. */
export const causes = [
  "interrupted", // the machine was taken away, or the worker drains
  "lost-lease", // our hold on the job ended
  "infrastructure", // store, network, disk of one machine
  "environment", // permission, credentials, clock, no such bucket, disk full: holds the run
  "timeout", // no progress for a while, or the ceiling of an attempt
  "out-of-memory",
  "code", // the analysis threw where it may not, or its process ended by itself
  "bad-input", // the block is damaged, or exceeds the tolerance of bad records
  "gone", // the block is not there any more
  "replaced", // the block's size or etag is another than planned
  "archived", // the block is in an archive class
] as const;

export const causeSchema = v.picklist(causes);
export type Cause = v.InferOutput<typeof causeSchema>;

export const attemptSchema = v.object({
  format: v.literal(1),
  run: idSchema,
  plan: planNameSchema,
  job: jobIdSchema,
  attempt: attemptIdSchema,
  worker: v.string(),
  /** The lease's handle: whoever knows that the machine is gone can give the job back. */
  handle: v.string(),
  /** The worker's clock, ms: for people. */
  startedAt: v.number(),
  /** Memory limits were raised by this factor. */
  memory: countSchema,
  end: v.nullable(
    v.object({
      at: v.number(),
      cause: causeSchema,
      /** Short and stable, e.g. `corrupt`. */
      reason: v.string(),
      message: v.string(),
      /** What to do about it, where the error knew: it becomes the hold's. Absent in what earlier workers wrote. */
      hint: v.optional(v.string()),
      /** Position in the job's list of the block that was in hand. */
      block: v.nullable(countSchema),
      beforeFirstRecord: v.boolean(),
    }),
  ),
});

export type AttemptRecord = v.InferOutput<typeof attemptSchema>;
export type AttemptEnd = NonNullable<AttemptRecord["end"]>;
