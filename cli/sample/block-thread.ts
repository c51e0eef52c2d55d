/** A thread of `sample`: makes, compresses and writes one block after another, as it is told. */
import { parentPort } from "node:worker_threads";
import { sampleBlock } from "../../jobs/sample/index.ts";
import { encodeBlock } from "../../shared/codecs/encode.ts";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { writeWhole } from "./files.ts";
import type { BlockAnswer, BlockTask, BlockWritten } from "./threads.ts";

const port = parentPort;
if (port === null) throw new Error("this module is a thread of `spotfold sample`");

port.on("message", (task: BlockTask) => {
  void answer(task).then((result) => port.postMessage(result));
});

async function answer(task: BlockTask): Promise<BlockAnswer> {
  try {
    return { written: await writeBlock(task) };
  } catch (error) {
    if (error instanceof SpotfoldError) {
      const { code, message, hint } = error;
      return { refused: { code, message, ...(hint === undefined ? {} : { hint }) } };
    }
    const code = codeOf(error);
    const path = error instanceof Error && "path" in error ? String(error.path) : undefined;
    return {
      failed: {
        message: messageOf(error),
        ...(code === undefined ? {} : { code }),
        ...(path === undefined ? {} : { path }),
      },
    };
  }
}

async function writeBlock({ index, path, partial, seed, records }: BlockTask): Promise<BlockWritten> {
  let rawBytes = 0;
  const { chunks } = sampleBlock(seed, index, { records });
  const counted = function* (): Generator<Uint8Array> {
    for (const chunk of chunks) {
      rawBytes += chunk.length;
      yield chunk;
    }
  };
  const bytes = await writeWhole(path, encodeBlock(path, counted()), partial);
  return { rawBytes, bytes };
}
