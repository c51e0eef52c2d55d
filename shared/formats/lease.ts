/**
 * `master/lease`: which master works, so that others stand by (master/lease.ts). It keeps masters from doing each other's work
 * twice, and nothing else: no commit looks at it.
 */
import * as v from "valibot";
import { countSchema } from "./run.ts";
import { encodeStored } from "./stored.ts";

export const masterLeaseSchema = v.object({
  format: v.literal(1),
  /** Who wrote this. */
  master: v.string(),
  /** The writer has drained: whoever finds it so may lead at once. */
  givenUp: v.boolean(),
  /** Of the writer, from 1. No two leases have the same bytes, so each renewal has an etag of its own in every store. */
  renewal: countSchema,
  /** The writer's clock, ms: for people. */
  at: v.number(),
});

export type MasterLeaseRecord = v.InferOutput<typeof masterLeaseSchema>;

export function encodeMasterLease(record: MasterLeaseRecord): Uint8Array {
  return encodeStored(record);
}
