/**
 * How a pass ended, as a fault: from the executor's last word, from how both children ended, and from who killed them. Pure.
 *
 * The order is the order of trust: a stop of ours, a last word, a limit that we enforced, the decoder's end, the executor's.
 */
import type { RecordFault } from "../core/attempt-state.ts";
import type { AttemptLimits, Fault } from "../types.ts";
import { executorFault, secondsOf, stallQuestion, stopFault } from "./causes.ts";
import { silenceMsMax, type ChildEnd } from "./child.ts";

/** What the executor said last. */
export type LastWord =
  | { readonly done: true }
  | { readonly fault: RecordFault }
  /** The decoder gave up a block half way. */
  | { readonly spoiled: number }
  /** Its input ended early, or was none. */
  | { readonly cut: string };

export interface PassEnd {
  readonly last: LastWord | null;
  readonly stop: AbortSignal;
  readonly executor: ChildEnd;
  readonly decoder: ChildEnd;
  readonly loaded: boolean;
  /** The block in the executor's hand. */
  readonly inHand: number | undefined;
  /** The block that the decoder is to speak of next. */
  readonly awaited: number | undefined;
  readonly keyOf: (block: number) => string | undefined;
  /** Of the block in hand, so many records at least were done. */
  readonly recordsInHand: number;
  /** What the decoder said of a block. */
  readonly faultOf: (block: number) => Fault | undefined;
  readonly kernelKilled: boolean;
  readonly limits: AttemptLimits;
}

/** Of what the decoder printed, in a message. */
const tailCharsMax = 300;

/** Null when every block is settled. */
export function passFault(end: PassEnd): RecordFault | null {
  const { last, stop, executor, inHand } = end;
  if (last !== null && "done" in last) return null;
  if (stop.aborted) return stopFault(stop.reason);
  if (last !== null && "fault" in last) return last.fault;
  if (last !== null && "spoiled" in last) {
    return (
      end.faultOf(last.spoiled) ?? codeFault("invalid-report", "the executor blamed a block without cause", inHand)
    );
  }
  if (executor.killed === "too-long") {
    const message = `the attempt took longer than ${secondsOf(end.limits.attemptMs)} (the setting timing.attemptMs)`;
    return { cause: "timeout", reason: "attempt-too-long", message };
  }
  if (executor.killed === "stalled") return stalled(end);
  if (executor.killed === "misbehaved")
    return codeFault("invalid-report", "the executor's reports are no reports", inHand);
  if (last !== null) return cut(last.cut, end);
  const { loaded, kernelKilled, limits } = end;
  return executorFault({ end: executor, loaded, block: inHand, kernelKilled, rssBytesMax: limits.rssBytesMax });
}

/** A fault of the analysis, in the block in hand if there is one. */
export function codeFault(reason: string, message: string, inHand: number | undefined): Fault {
  const fault = { cause: "code", reason, message } as const;
  return inHand === undefined ? fault : { ...fault, block: inHand };
}

function stalled({ loaded, inHand, awaited, keyOf, recordsInHand, limits }: PassEnd): Fault {
  const silence = `no progress for ${secondsOf(silenceMsMax(limits.stallMs, loaded))}`;
  const fault = { cause: "timeout", reason: "stalled" } as const;
  if (!loaded) return { ...fault, message: `${silence} while the analysis was loaded`, beforeFirstRecord: true };
  // With no block in hand the executor waits for the decoder.
  const block = inHand ?? awaited;
  if (block === undefined) return { ...fault, message: silence };
  const where = `${silence} in ${keyOf(block) ?? `block ${block}`}`;
  if (inHand === undefined) return { ...fault, message: `${where}: no bytes of it came`, block };
  const at = recordsInHand === 0 ? "" : `, at record ${recordsInHand} or behind it`;
  return { ...fault, message: `${where}${at}. ${stallQuestion}`, block };
}

/** The executor's input broke: the decoder's doing if it ended badly, else somebody in the executor took it. */
function cut(what: string, { decoder, inHand }: PassEnd): Fault {
  const ownEnd = decoder.killed === null && decoder.code === 0;
  if (ownEnd || decoder.killed === "finished")
    return codeFault("stdin", `the executor's input is broken: ${what}`, inHand);
  const how = decoder.killed ?? decoder.signal ?? `code ${decoder.code}`;
  const message = `the decoder ended early (${how}): ${decoder.printed.slice(-tailCharsMax)}`;
  return { cause: "infrastructure", reason: "decoder-ended", message };
}
