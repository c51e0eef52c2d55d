/**
 * How good what a run or an aggregate has is, in a tone and in words: one that finished with all blocks missing has nothing, and
 * must not look like a good one. Pure.
 */
import type { RunLine } from "./document.ts";
import { counted, count as countText } from "../parts/words.ts";
import { percentText } from "./words.ts";

type RunCounts = Pick<RunLine, "state" | "blocks" | "covered" | "missing">;

/** `none`: there is nothing to say yet. Each has its own colour and its own shape (outcome-mark.tsx). */
export type Tone = "good" | "warn" | "bad" | "none";

export interface Outcome {
  readonly tone: Tone;
  readonly text: string;
}

interface Counts {
  readonly covered: number;
  readonly missing: number;
  /** Neither covered nor missing yet. */
  readonly open: number;
}

/** Of an aggregate; `atItsEnd`: of a run that is closed: what it missed then, another run may have covered since. */
export function outcomeOf({ covered, missing, open }: Counts, atItsEnd = false): Outcome {
  const ended = covered + missing;
  if (ended === 0) return { tone: "none", text: open === 0 ? "no blocks" : "nothing done yet" };
  if (missing === 0) return { tone: "good", text: open === 0 ? "all covered" : "none missing so far" };
  const soFar = atItsEnd ? " at its end" : open === 0 ? "" : " so far";
  if (covered > 0) return { tone: "warn", text: `${countText(missing)} of ${countText(ended)} missing${soFar}` };
  const only = atItsEnd ? "its only block was missing at its end" : "its only block is missing";
  const all = ended === 1 && open === 0 ? only : `all ${countText(missing)} missing${soFar}`;
  return { tone: "bad", text: all };
}

/** Of a run. One that was closed before its end left blocks undone, which nobody misses and nobody has. */
export function runOutcome({ state, blocks, covered, missing }: RunCounts): Outcome {
  if (isUnadmitted({ state, blocks })) return { tone: "none", text: "never admitted" };
  const open = Math.max(0, blocks - covered - missing);
  if (state === "open" || open === 0) return outcomeOf({ covered, missing, open }, state !== "open");
  const undone = `${countText(open)} of ${countText(blocks)} not done`;
  const tone = covered === 0 && missing > 0 ? "bad" : "warn";
  return { tone, text: missing === 0 ? undone : `${undone}, ${countText(missing)} missing at its end` };
}

/** Cancelled before a master admitted it: none is admitted without blocks and then cancelled. */
export function isUnadmitted({ state, blocks }: Pick<RunLine, "state" | "blocks">): boolean {
  return state === "cancelled" && blocks === 0;
}

/** Of a run that tries again what was missing; null: it does not, or it is not known. */
export function retryText({ retry = null }: Pick<RunLine, "retry">): string | null {
  return retry === null ? null : `a retry of what was missing by ${retry.join(", ")}`;
}

/** How far a bar's number tells: an open run by what ended, a closed one by what is in the answer. */
export function shareText({ state, blocks, covered, missing }: RunCounts): string {
  if (blocks === 0) return "no blocks";
  return state === "open"
    ? `${percentText(covered + missing, blocks)} done`
    : `${percentText(covered, blocks)} covered`;
}

/** The same for who does not see the bar. `ended`: of the blocks. */
export function progressOf(run: RunCounts): { readonly ended: number; readonly text: string } {
  const { state, blocks, covered, missing } = run;
  const text = `${shareText(run)}: ${countText(covered)} covered, ${countText(missing)} missing, of ${counted(blocks, "block")}`;
  return { ended: state === "open" ? covered + missing : covered, text };
}
