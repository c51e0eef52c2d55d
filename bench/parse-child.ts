/** Decodes the files that it is given, and parses each of their records: the least that an analysis over objects costs. */
import { createReadStream } from "node:fs";
import { decodeBlock } from "../shared/codecs/index.ts";
import { createSplitter } from "../shared/records/index.ts";

let parsed = 0;
for (const file of process.argv.slice(2)) {
  const splitter = createSplitter("telemetry", {
    block: { key: file, dimensions: {} },
    record: (record) => {
      JSON.parse(record.text());
      parsed++;
    },
    rejected: ({ message }) => {
      throw new Error(message);
    },
  });
  for await (const piece of decodeBlock(file, createReadStream(file, { highWaterMark: 256 * 1024 })))
    splitter.push(piece);
  splitter.end();
}
if (parsed === 0) throw new Error("nothing was parsed");
