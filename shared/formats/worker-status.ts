/** `workers/<id>`: what a worker is doing. Its age is told by the store's lastModified, never by `at`. */
import * as v from "valibot";
import { countSchema } from "./run.ts";
import { encodeStored } from "./stored.ts";

export const workerStatusSchema = v.object({
  format: v.literal(1),
  worker: v.string(),
  /** The worker's clock, ms: for people. */
  startedAt: v.number(),
  at: v.number(),
  slots: countSchema,
  /** `<plan>/<job>` of each job in hand. */
  jobs: v.array(v.string()),
  /** Those of `jobs` whose blocks are all read: each drains beside the next job of its slot. */
  draining: v.optional(v.array(v.string())),
  /** Jobs that this worker resolved. */
  resolved: countSchema,
  /** Its attempts that failed, whatever by; those that were interrupted or lost their lease did not. */
  failed: countSchema,
  /** Its last status: it was drained, or gave up. One that was killed says nothing. */
  ended: v.optional(v.boolean()),
});

export type WorkerStatus = v.InferOutput<typeof workerStatusSchema>;

export function encodeWorkerStatus(status: WorkerStatus): Uint8Array {
  return encodeStored(status);
}
