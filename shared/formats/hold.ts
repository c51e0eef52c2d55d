/**
 * A hold: a run stands still, for a reason that a person can read. Workers look at it when they lease a job of the run and at
 * each heartbeat. A hold by the environment ends by itself at `until`: then jobs try again, and hold it again, for longer, if
 * nothing was cured.
 */
import * as v from "valibot";
import { countSchema, idSchema } from "./run.ts";

export const holdSchema = v.object({
  format: v.literal(1),
  run: idSchema,
  /**
   * `environment`: access, credentials, clock, disk. `bundle`: fails before its first record. `failures`: too many jobs
   * fail. `closed`: the run ended early (cancelled, past its deadline); its jobs are dropped. `none`: it was lifted.
   */
  kind: v.picklist(["environment", "bundle", "failures", "closed", "none"]),
  /** One line: what went wrong. */
  what: v.string(),
  where: v.string(),
  /** The code of the error that it is for, where it is for one. */
  code: v.optional(v.string()),
  /** What would allow it to go on. */
  hint: v.string(),
  /** The store's clock, ms: when this hold, repeated or not, began. */
  since: v.number(),
  /** The store's clock, ms: until when an environment hold stands; 0 otherwise. */
  until: v.number(),
  /** How often in a row it was held. */
  times: countSchema,
  /** How long the run stood still, ms: its deadline is later by that. A hold whose end is known (`until`) is counted in it. */
  heldMs: v.number(),
});

export type Hold = v.InferOutput<typeof holdSchema>;

export function isHeld(hold: Hold | null, storeTime: number): boolean {
  if (hold === null || hold.kind === "none") return false;
  return hold.kind !== "environment" || storeTime < hold.until;
}
