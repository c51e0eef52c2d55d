/** What became of each thing that was to be made: buckets and what belongs to them, queues. */
import { messageOf, SpotfoldError } from "../errors.ts";

export interface Made {
  /** For people: `bucket s3://name`, `queue name-jobs`. */
  readonly what: string;
  /** `there`: it was, and is left as it is. `failed`: `detail` says why. */
  readonly state: "made" | "there" | "failed";
  readonly detail: string;
  /** What to do about it, where something is to be done. */
  readonly hint?: string;
}

export function failed(what: string, error: unknown): Made {
  const hint = error instanceof SpotfoldError ? error.hint : undefined;
  return { what, state: "failed", detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}
