/** From how something ended to a fault: errors of ports, the signal that stops an attempt, ends of children. Pure. */
import { causes } from "../../shared/formats/attempt.ts";
import { codeOf, hintOf, messageOf } from "../../shared/errors.ts";
import { causeOfCode } from "../cause-of-code.ts";
import type { Fault } from "../types.ts";
import type { ChildEnd } from "./child.ts";

/** Of what a child printed last, in a fault's message. */
const tailCharsMax = 600;

/** What `lend` threw, as the fault of a block (or of the machine, or of the environment). */
export function lendFault(block: number, key: string, error: unknown): Fault {
  const code = codeOf(error) ?? "lend";
  const cause = causeOfCode(code);
  // What a store says of it is about lending. A missing block is listed by its key. Of one that is there but cannot be asked
  // for, the store has advice, and its own words are true.
  if (cause === "gone") {
    const advice = hintOf(error);
    const message = advice.hint === undefined ? "the file is not there any more" : messageOf(error);
    return { cause, reason: code, message, ...advice, block };
  }
  return { cause, reason: code, message: `${key}: ${messageOf(error)}`, ...hintOf(error), block };
}

/** Why the attempt was stopped: the signal's reason is a cause, or an error whose own cause is one; else interrupted. */
export function stopFault(reason: unknown): Fault {
  const word = reason instanceof Error ? reason.cause : reason;
  const cause = causes.find((known) => known === word) ?? "interrupted";
  return { cause, reason: cause, message: reason instanceof Error ? reason.message : `stopped: ${cause}` };
}

/** Milliseconds as a person says them. */
export function secondsOf(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** What may be behind a stall. */
export const stallQuestion = "Is there an endless loop, or a record that takes longer than the setting timing.stallMs?";

export interface ExecutorEnd {
  readonly end: ChildEnd;
  readonly loaded: boolean;
  /** Block in hand, when there is one. */
  readonly block: number | undefined;
  /** The kernel killed somebody for want of memory while the child ran. */
  readonly kernelKilled: boolean;
  readonly rssBytesMax: number;
}

/** The fault of an executor that ended without saying why. */
export function executorFault({ end, loaded, block, kernelKilled, rssBytesMax }: ExecutorEnd): Fault {
  const tail = end.printed.trim().slice(-tailCharsMax);
  const heapExhausted =
    end.signal === "SIGABRT" && /heap out of memory|Array buffer allocation failed/.test(end.printed);
  if (end.killed === "memory" || heapExhausted || (end.signal === "SIGKILL" && end.killed === null && kernelKilled)) {
    const limit = `${Math.round(rssBytesMax / 2 ** 20)} MB`;
    return {
      cause: "out-of-memory",
      reason: "out-of-memory",
      message: `the executor needed more memory than it may have (${limit})`,
    };
  }
  if (end.signal === "SIGKILL" && end.killed === null) {
    return { cause: "infrastructure", reason: "executor-killed", message: "the executor was killed from outside" };
  }
  const how = end.signal === null ? `with code ${end.code}` : `by ${end.signal}`;
  const message = `the analysis ended its process ${how}${tail === "" ? "" : `: ${tail}`}`;
  const fault = { cause: "code", reason: "ended-by-itself", message } as const;
  if (!loaded) return { ...fault, beforeFirstRecord: true };
  return block === undefined ? fault : { ...fault, block };
}
