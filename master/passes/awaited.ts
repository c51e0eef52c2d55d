/** What of an open run waits for a master: nothing moves it but one, and where none leads, somebody is to know. */
import type { OpenRun } from "../../shared/formats/ledger.ts";
import type { MasterContext } from "../context.ts";
import { decodeBitmap, hasBit } from "../ledger/bitmap.ts";
import { jobId } from "../../shared/names.ts";
import { jobsToEnter } from "./enter.ts";
import { readCursor } from "./send.ts";

/** Outputs that are counted: that there are more says enough. A page of a list. */
export const outputsMax = 1000;

export interface Awaited {
  /** Jobs that are resolved and not entered; `outputsMax`: so many, or more. */
  readonly outputs: number;
  /** Jobs of the plan that have no end, and that no cursor says were sent. */
  readonly unsent: number;
}

/**
 * A list and a read. The cursor of what was sent is a hint, written each 1,000 jobs. A job behind it that has an end was sent; one
 * that a worker has in hand was, too, and is counted all the same until it ends. Of ends, `outputsMax` are looked at.
 */
export async function awaitedOf(
  context: Pick<MasterContext, "rules" | "store">,
  aggregate: string,
  run: OpenRun,
): Promise<Awaited> {
  const outputs = await jobsToEnter(context, aggregate, run, () => false, outputsMax);
  const sent = await readCursor(context, run);
  const resolved = new Set(outputs);
  const folded = decodeBitmap(run.folded);
  let unsent = 0;
  for (let index = sent; index < run.jobs; index++) {
    if (!hasBit(folded, index) && !resolved.has(jobId(index))) unsent++;
  }
  return { outputs: outputs.length, unsent };
}
