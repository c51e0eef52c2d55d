/** A run's plan in words, on the page and by the command's `--plan`. Pure. */
import type { ActionPlan, RunPlan } from "./action-document.ts";

/** Of one dimension's values: a retry may name hundreds. */
const whereCharsMax = 160;
/** Of a bundle's SHA-256, for people: no two of a store begin alike. */
export const bundleDigits = 12;
const sizeUnits = ["B", "KB", "MB", "GB", "TB"] as const;

/** What the run is: code, data and where it goes. */
export function planSentence(plan: RunPlan): string {
  const { analysis, bundle, dataset, place, aggregate, where, retry } = plan;
  const selects = where.length === 0 ? "all of it" : where.map(shortened).join(", ");
  const only = retry === null ? "" : `; only blocks that are missing by ${retry.join(", ")}`;
  return `${analysis} (bundle ${bundle.slice(0, bundleDigits)}) over ${dataset} at ${place}, ${selects}${only}, into ${aggregate}`;
}

/** What cancelling keeps and what it gives up: it has no other plan. */
export function cancelSentence(isAdmitted: boolean): string {
  return isAdmitted
    ? "What is resolved by then is entered and kept. All other blocks are given back: they are neither covered nor missing, and the " +
        "next run that selects them takes them. Jobs in hand end with their worker's next heartbeat, within about 25 s, and what they " +
        "had is not counted. It cannot be undone: the run's id is used up."
    : "No master has admitted it, so nothing was done and nothing is given up. It cannot be undone: the run's id is used up.";
}

/** Stands above the command: only one that can be executed does it. */
export function commandTitle({ plan, refusal }: Pick<ActionPlan, "plan" | "refusal">): string {
  if (refusal !== null) return "The command that says so:";
  return plan?.blocks === 0 ? "The command, which would find nothing to do:" : "The command that does it:";
}

export function shortened(text: string): string {
  return text.length <= whereCharsMax ? text : `${text.slice(0, whereCharsMax)}…`;
}

/** `12.3 MB`, of 1,000 each, as on the command line. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < sizeUnits.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${sizeUnits[unit]}`;
}
