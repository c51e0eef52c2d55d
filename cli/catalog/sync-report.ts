/** What a sync did, for people. */
import type { SyncResult } from "../../shared/catalog/sync.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { counted, countText, whenText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";

export interface Synced {
  readonly dataset: DatasetSpec;
  readonly sync: SyncResult;
  /** Blocks that the filter selects. */
  readonly selected: number;
}

export function syncText({ dataset, sync, selected }: Synced): string {
  const { listed, added, changed, vanished, skipped, resumed } = sync;
  const marks = [
    `${countText(added)} new`,
    ...(changed > 0 ? [`${countText(changed)} changed`] : []),
    ...(vanished > 0 ? [`${countText(vanished)} vanished`] : []),
  ];
  const lines = [
    `${dataset.name}  ${dataset.place}`,
    `  listing    ${listingText(sync)}${resumed ? "; went on with one that was interrupted" : ""}`,
    `  blocks     ${countText(listed)} listed: ${marks.join(", ")}`,
    ...(skipped > 0 ? [`  left out   ${counted(skipped, "folder")} that the filter does not allow`] : []),
    `  selected   ${countText(selected)}`,
    ...unmatchedLines(dataset, sync),
  ];
  return `${lines.join("\n")}\n`;
}

function listingText({ mode, since, fullMs }: SyncResult): string {
  if (mode === "full") return "in full";
  const before = fullMs === undefined ? "" : `; the rest was listed ${whenText(fullMs)}`;
  return `recent only, from ${since ?? "the last days"} on${before} (--full lists all)`;
}

function unmatchedLines({ layout }: DatasetSpec, { unmatched }: SyncResult): string[] {
  const { keys, more, examples } = unmatched;
  if (keys === 0) return [];
  return [
    `  unmatched  ${more ? "at least " : ""}${countText(keys)} ${keys === 1 ? "key does" : "keys do"} not match the layout ${layout}, such as`,
    ...examples.map((key) => `               ${visibleLine(key)}`),
  ];
}
