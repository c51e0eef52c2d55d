/** `runs/<run>/run.json`, for those who pass over what they cannot read. */
import { parseRunIfKnown, type RunSpec } from "./formats/run.ts";
import { runKey } from "./names.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { readAll } from "./read-all.ts";

/** Null for what is not there, or only a newer version reads. */
export async function readRunIfKnown(store: BlobStore, run: string): Promise<RunSpec | null> {
  const blob = await readAll(store, runKey(run));
  return blob === null ? null : parseRunIfKnown(run, blob.bytes);
}
