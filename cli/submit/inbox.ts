/** What waits in the inbox for a master: submitted, and in no ledger yet. */
import { canonicalJson, type RunSpec } from "../../shared/formats/run.ts";
import { inboxPrefix } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRunIfKnown } from "../../shared/read-run.ts";
import { counted } from "../report/lines.ts";

/** Named one by one in a plan; the rest is counted. */
const waitingNamedMax = 10;

/**
 * A run that waits and is the same but for its id and when it was submitted: what it would admit, this one would not. Two
 * that are submitted in the same moment do not see each other; the later one is then admitted with nothing to do.
 */
export async function waitingTwin(store: BlobStore, spec: RunSpec): Promise<string | null> {
  const wanted = essenceOf(spec);
  for await (const waiting of waitingRuns(store)) if (essenceOf(waiting) === wanted) return waiting.run;
  return null;
}

/**
 * What a plan says of runs that wait for the same aggregate with the same dataset, a text for each: whichever is admitted first
 * has the blocks that both select. How many those are would need a plan of each.
 */
export async function waitingTexts(store: BlobStore, spec: RunSpec): Promise<readonly string[]> {
  const wanted = essenceOf(spec);
  const texts: string[] = [];
  for await (const waiting of waitingRuns(store)) {
    if (waiting.aggregate !== spec.aggregate || waiting.dataset.name !== spec.dataset.name) continue;
    texts.push(
      essenceOf(waiting) === wanted
        ? `run ${waiting.run} is the same, and waits in the inbox already: it would not be stored twice`
        : `run ${waiting.run} waits in the inbox for the same aggregate; if it is admitted first, blocks that both select are its own`,
    );
  }
  const hidden = texts.length - waitingNamedMax;
  return hidden <= 0
    ? texts
    : [...texts.slice(0, waitingNamedMax), `${counted(hidden, "more run waits", "more runs wait")} there`];
}

/** Those of newer versions are left out. */
async function* waitingRuns(store: BlobStore): AsyncGenerator<RunSpec, void, undefined> {
  for await (const page of store.list(inboxPrefix)) {
    for (const { key } of page.blobs) {
      const waiting = await readRunIfKnown(store, key.slice(inboxPrefix.length));
      if (waiting !== null) yield waiting;
    }
  }
}

function essenceOf(spec: RunSpec): string {
  const { run: _run, submittedAt: _submittedAt, deadlineMs: _deadlineMs, ...rest } = spec;
  return canonicalJson(rest);
}
