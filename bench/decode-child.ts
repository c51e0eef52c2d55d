/** Decodes the files that it is given, one after the other, as the decoder child does, and throws the bytes away. */
import { createReadStream } from "node:fs";
import { decodeBlock } from "../shared/codecs/index.ts";

let total = 0;
for (const file of process.argv.slice(2)) {
  for await (const piece of decodeBlock(file, createReadStream(file, { highWaterMark: 256 * 1024 })))
    total += piece.length;
}
if (total === 0) throw new Error("nothing was decoded");
