/** Damages a block, so that a demonstration or a test has one whose loss must show. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { decodeBlock } from "../../shared/codecs/index.ts";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { writeWhole } from "./files.ts";

/** A flipped bit in a block without a checksum goes unnoticed now and then; never this often in a row. */
const triesMax = 20;

/**
 * Flips one bit near the middle of the block, in such a place that decoding it fails, and answers what its codec says of it.
 * A block that is damaged already stays as it is. Fails with `usage` for a plain file, which no codec can check.
 */
export async function damageBlock(path: string): Promise<string> {
  const bytes = await readFile(path);
  const known = await faultOf(path, bytes);
  if (known !== undefined) return known;
  for (let tries = 0; tries < triesMax; tries++) {
    const damaged = Buffer.from(bytes);
    const at = (bytes.length >> 1) + tries;
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    const fault = await faultOf(path, damaged);
    if (fault === undefined) continue;
    // Beside the block: the name has no ending of a block, so that no listing takes it for one.
    await writeWhole(path, [damaged], dirname(path));
    return fault;
  }
  throw new SpotfoldError("usage", `${path} cannot be damaged so that it shows`, {
    hint: "Choose a block that is compressed: a plain one has no checksum.",
    context: { path },
  });
}

/** What is wrong with the block, or undefined. */
async function faultOf(path: string, bytes: Uint8Array): Promise<string | undefined> {
  try {
    for await (const _ of decodeBlock(path, chunksOf(bytes))) continue;
    return undefined;
  } catch (error) {
    if (codeOf(error) !== "corrupt") throw error;
    return messageOf(error);
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const step = 1 << 20;
  for (let from = 0; from < bytes.length; from += step) yield bytes.subarray(from, from + step);
}
