/** What open runs try again of what is missing, in words. Pure. An older server does not say it. */
import { count as countText } from "../parts/words.ts";
import type { MissingGroup, MissingReport } from "./document.ts";

/** Of what is missing by one reason (null: any), so many are being tried again. */
function againOf({ reasons }: MissingGroup, reason: string | null): { readonly all: number; readonly again: number } {
  const some = reasons.filter((line) => reason === null || line.reason === reason);
  return {
    all: some.reduce((sum, { count }) => sum + count, 0),
    again: some.reduce((sum, { triedAgain = 0 }) => sum + triedAgain, 0),
  };
}

/** Why a retry of these would find nothing; null: it would not. */
export function whyNoRetry(group: MissingGroup, reason: string | null): string | null {
  const { all, again } = againOf(group, reason);
  return all > 0 && again === all ? `Not now: being tried again by ${runsText(group)}.` : null;
}

/** Null: none is. */
export function againText(group: MissingGroup): string | null {
  const { all, again } = againOf(group, null);
  return again === 0 || again === all ? null : `${countText(again)} of them being tried again by ${runsText(group)}`;
}

function runsText({ triedBy = [] }: MissingGroup): string {
  return `${triedBy.length === 1 ? "run" : "runs"} ${triedBy.join(", ")}`;
}

/** Of all; null where there is nothing to say. */
export function missingText({ count, triedAgain = 0, aggregates = 1 }: MissingReport): string | null {
  if (aggregates <= 1 && triedAgain === 0) return null;
  const where =
    aggregates > 1 ? ` in ${countText(aggregates)} aggregates, where a block counts in each that misses it` : "";
  return `${countText(count)} missing${where}${triedAgain > 0 ? `; ${countText(triedAgain)} being tried again` : ""}.`;
}
