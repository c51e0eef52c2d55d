/** Entries of a real output of `histograms`, picked evenly. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { keyOf, valueOf } from "../../shared/segment/entry.ts";
import { decodeKey } from "../../shared/segment/key.ts";
import { syncFileSource } from "../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import type { Line } from "./aggregate.ts";

/** `store` is the folder that a run left. */
export function readLines(store: string, count: number): Line[] {
  const path = globSync(join(store, "aggregates/*/attempts/**/segment")).toSorted()[0];
  if (path === undefined) throw new Error(`there is no output in ${store}`);
  const source = syncFileSource(path);
  const reader = SyncSegmentReader.open(source);
  const cursor = reader.cursor();
  const lines: Line[] = [];
  let unit = "";
  while (cursor.next()) {
    const columns = decodeKey(keyOf(cursor));
    // Of one unit: outputs of one partition and unit are what meets.
    unit ||= columns.slice(0, 3).join("\t");
    if (columns.slice(0, 3).join("\t") !== unit) break;
    lines.push({ columns, value: Buffer.from(valueOf(cursor)).toString() });
  }
  source.close();
  if (lines.length < count) throw new Error(`an output has ${lines.length} entries of one unit, not ${count}`);
  return Array.from({ length: count }, (_, i) => lines[Math.floor((i * lines.length) / count)] as Line);
}
