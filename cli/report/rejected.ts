/** Records that were rejected, by reason, most first. Reasons are names that authors gave: lists, no objects by them. */
import type { RejectedCount } from "../../dashboard/status/document.ts";
import { rejectedText } from "../../dashboard/status/rejected.ts";
import { sumOfCounts } from "../../shared/formats/coverage.ts";
import { countText } from "./lines.ts";

export function rejectedOf(counts: Iterable<Readonly<Record<string, number>>>): readonly RejectedCount[] {
  return Object.entries(sumOfCounts(counts))
    .map(([reason, count]) => ({ reason, count }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
}

/** `798 records`; `798 records, 89 rejected: map-threw`. */
export function recordsText(records: number, rejected: readonly RejectedCount[]): string {
  return [`${countText(records)} records`, rejectedText(rejected)].filter((text) => text !== null).join(", ");
}
