/** How an attempt failed, before it is known when it was written down, and what of it is said in the log. */
import type { AttemptEnd } from "../shared/formats/attempt.ts";
import type { Job } from "./job-types.ts";

export type Failure = Omit<AttemptEnd, "at">;

/** The fields of `job-ended` that say why. A block is named by its key: its number in the job says nothing to a reader. */
export function told(
  job: Pick<Job, "blocks">,
  end: Failure,
): { readonly message: string; readonly hint?: string; readonly block?: string } {
  const block = end.block === null ? undefined : job.blocks[end.block];
  return { message: end.message, ...hintIn(end), ...(block === undefined ? {} : { block: block.key }) };
}

/** Absent, not undefined. */
export function hintIn({ hint }: { readonly hint?: string | undefined }): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}
