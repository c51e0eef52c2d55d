/** Files that are there whole or not at all: written under another name, synced, then given theirs. */
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolders } from "../../shared/local/make-folders.ts";

/** `partial` is a folder on the same disk. Replaces what is there. Answers the file's size. System errors pass through. */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  partial: string,
): Promise<number> {
  const temporary = join(partial, randomBytes(8).toString("hex"));
  let size = 0;
  const file = await open(temporary, "wx");
  try {
    try {
      for await (const piece of pieces) {
        await file.appendFile(piece);
        size += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    makeFolders(dirname(path));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return size;
}
