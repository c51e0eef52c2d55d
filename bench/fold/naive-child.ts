/**
 * The plainest fold there is: all outputs one after the other into a map, sorted and written at the end. It holds everything in
 * memory, and knows of no ledger. Arguments: the folder, the aggregate, and a file for the result.
 */
import { closeSync, fsyncSync, globSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import histograms from "../../jobs/histograms/index.ts";
import { decodeValue, encodeValue } from "../../jobs/histograms/value.ts";
import { keyOf, valueOf } from "../../shared/segment/entry.ts";
import { decodeKeyText } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import { syncFileSource } from "../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";

const [folder = "", aggregate = "", result = ""] = process.argv.slice(2);
const values = new Map<string, string>();
for (const path of globSync(join(folder, "store/aggregates", aggregate, "attempts/**/segment"))) {
  const source = syncFileSource(path);
  const cursor = SyncSegmentReader.open(source).cursor();
  while (cursor.next()) {
    const key = Buffer.from(keyOf(cursor)).toString();
    const value = Buffer.from(valueOf(cursor)).toString();
    const before = values.get(key);
    const columns = (): string[] => decodeKeyText(key).slice(1);
    values.set(
      key,
      before === undefined ? value : encodeValue(histograms.merge(decodeValue(before), decodeValue(value), columns())),
    );
  }
  source.close();
}
const file = openSync(result, "w");
const columns = [...values.keys()][0]?.split("\t").length ?? 1;
const writer = new SegmentWriter((bytes) => void writeSync(file, bytes), { columns });
for (const key of sortTexts(values.keys())) writer.addText(key, values.get(key) ?? "");
writer.finish();
fsyncSync(file);
closeSync(file);
