/** Rejected records in words, on the page and by the command `status`. Pure. Reasons are names that authors gave. */
import { count as countText } from "../parts/words.ts";
import type { RejectedCount } from "./document.ts";

/** An author may name hundreds: the most frequent ones are shown. */
const reasonsShownMax = 5;

/** `89 rejected: map-threw`; `89 rejected: map-threw 80, not-json 9`; null: none, or an older server's, which does not say. */
export function rejectedText(rejected: readonly RejectedCount[] = []): string | null {
  const [first] = rejected;
  if (first === undefined) return null;
  const all = rejected.reduce((sum, { count }) => sum + count, 0);
  const hidden = rejected.slice(reasonsShownMax).reduce((sum, { count }) => sum + count, 0);
  const shown = rejected.slice(0, reasonsShownMax).map(({ reason, count }) => `${reason} ${countText(count)}`);
  const reasons = rejected.length === 1 ? first.reason : shown.join(", ");
  return `${countText(all)} rejected: ${reasons}${hidden > 0 ? `, other reasons ${countText(hidden)}` : ""}`;
}
