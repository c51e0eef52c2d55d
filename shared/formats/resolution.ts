/**
 * A resolution: the one durable record of how a job ended. covered + missing + remaining = the job's blocks, always. Blocks
 * are named by their position in the job's list.
 */
import * as v from "valibot";
import { attemptIdSchema } from "./attempt.ts";
import { jobIdSchema, planNameSchema } from "./message.ts";
import { countSchema, idSchema } from "./run.ts";

/** Why a block is missing; what `--json` and coverage.json show. */
export const missingReasons = {
  corrupt: "content",
  code: "content",
  "bad-input": "content",
  "no-record-accepted": "content",
  "out-of-memory": "content",
  gone: "circumstance",
  replaced: "circumstance",
  archived: "circumstance",
  timeout: "circumstance",
  vanished: "circumstance",
  "lost-lease": "circumstance",
  infrastructure: "circumstance",
  "hand-ons": "circumstance",
  "invalid-resolution": "circumstance",
} as const;

export type MissingReason = keyof typeof missingReasons;
/** *Content*: settled until asked again. *Circumstance*: the next run admits the block again. */
export type MissingClass = (typeof missingReasons)[MissingReason];

export const missingReasonSchema = v.picklist(Object.keys(missingReasons) as MissingReason[]);

export const resolutionSchema = v.object({
  format: v.literal(1),
  run: idSchema,
  plan: planNameSchema,
  job: jobIdSchema,
  attempt: attemptIdSchema,
  worker: v.string(),
  /** Digest of the job's block list. */
  digest: v.string(),
  covered: v.array(
    v.object({
      block: countSchema,
      records: countSchema,
      rawBytes: countSchema,
      rejected: v.record(v.string(), countSchema),
    }),
  ),
  missing: v.array(
    v.object({
      block: countSchema,
      reason: missingReasonSchema,
      detail: v.string(),
      records: countSchema,
      rejected: v.record(v.string(), countSchema),
    }),
  ),
  /** Groups of blocks; each is one successor job, in this order. */
  remaining: v.array(v.pipe(v.array(countSchema), v.minLength(1))),
  /** Why there is something remaining: counts as a failed job when it is the job's own fault. */
  handedOn: v.nullable(v.string()),
  segment: v.nullable(
    v.object({
      key: v.string(),
      bytes: countSchema,
      entries: countSchema,
      partitions: v.array(v.string()),
      units: v.array(v.string()),
    }),
  ),
});

export type Resolution = v.InferOutput<typeof resolutionSchema>;

/** Null when every block of the job is accounted for exactly once; else what is wrong. */
export function resolutionFlaw(
  resolution: Resolution,
  expected: { plan: string; job: string; digest: string; blocks: number },
): string | null {
  if (resolution.plan !== expected.plan || resolution.job !== expected.job) return "it names another plan or job";
  if (resolution.digest !== expected.digest) return "it was made for another list of blocks";
  const seen = new Uint8Array(expected.blocks);
  const all = [
    ...resolution.covered.map((entry) => entry.block),
    ...resolution.missing.map((entry) => entry.block),
    ...resolution.remaining.flat(),
  ];
  for (const block of all) {
    if (block >= expected.blocks) return `block ${block} is not in the job`;
    if (seen[block] === 1) return `block ${block} is accounted for twice`;
    seen[block] = 1;
  }
  if (all.length !== expected.blocks) return `${expected.blocks - all.length} blocks are not accounted for`;
  if (resolution.segment !== null && resolution.covered.length === 0) return "it has a segment and covers nothing";
  return null;
}
