/** What waits in the inbox for a master: submitted, and in no ledger yet. */
import { canonicalJson, type RunSpec } from "../../shared/formats/run.ts";
import { inboxPrefix } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRunIfKnown } from "../../shared/read-run.ts";

/**
 * A run that waits and is the same but for its id and when it was submitted: what it would admit, this one would not. Two
 * that are submitted in the same moment do not see each other; the later one is then admitted with nothing to do.
 */
export async function waitingTwin(store: BlobStore, spec: RunSpec): Promise<string | null> {
  const wanted = essenceOf(spec);
  for await (const page of store.list(inboxPrefix)) {
    for (const { key } of page.blobs) {
      const run = key.slice(inboxPrefix.length);
      const waiting = await readRunIfKnown(store, run);
      if (waiting !== null && essenceOf(waiting) === wanted) return run;
    }
  }
  return null;
}

function essenceOf(spec: RunSpec): string {
  const { run: _run, submittedAt: _submittedAt, deadlineMs: _deadlineMs, ...rest } = spec;
  return canonicalJson(rest);
}
