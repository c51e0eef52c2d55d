/** What of an open run waits for a master: nothing moves it but one, and where none leads, somebody is to know. */
import type { OpenRun } from "../../shared/formats/ledger.ts";
import type { MasterContext } from "../context.ts";
import { jobsToEnter } from "./enter.ts";
import { readCursor } from "./send.ts";

/** Outputs that are counted: that there are more says enough. A page of a list. */
export const outputsMax = 1000;

export interface Awaited {
  /** Jobs that are resolved and not entered; `outputsMax`: so many, or more. */
  readonly outputs: number;
  /** Jobs that were never sent. */
  readonly unsent: number;
}

/** A list and a read. */
export async function awaitedOf(
  context: Pick<MasterContext, "rules" | "store">,
  aggregate: string,
  run: OpenRun,
): Promise<Awaited> {
  const outputs = await jobsToEnter(context, aggregate, run, () => false, outputsMax);
  const sent = await readCursor(context, run);
  return { outputs: outputs.length, unsent: Math.max(0, run.jobs - sent) };
}
