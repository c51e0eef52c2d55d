/** Entries that were gathered without order, written in the order of keys. */
import { sortTexts } from "./order.ts";
import type { SegmentWriter } from "./writer.ts";

/** Adds all entries, keys as `encodeKey` gives them. The map stays as it is. */
export function addSorted(writer: SegmentWriter, entries: ReadonlyMap<string, string>): void {
  for (const key of sortTexts(entries.keys())) writer.addText(key, entries.get(key) ?? "");
}
