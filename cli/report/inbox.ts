/** Runs that wait to be admitted, and why a master could not do that. */
import pLimit from "p-limit";
import type { HoldLine } from "../../dashboard/status/document.ts";
import { parseInboxEntry, type InboxEntry } from "../../shared/formats/inbox.ts";
import { parseRun, type RunSpec } from "../../shared/formats/run.ts";
import { inboxKey, inboxPrefix, runKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";

export interface InboxLine {
  readonly run: string;
  readonly aggregate: string;
  /** Its name, and when it was submitted by the submitter's clock, ms; null where only a newer version knows. */
  readonly analysis: string | null;
  readonly submittedAt: number | null;
  /** Of kind `admission`: why a master could not admit it. Null: none has tried, or nothing went wrong. */
  readonly held: HoldLine | null;
}

/** Entries read at once: thousands may wait in a bucket. */
const readsAtOnce = 32;

/**
 * `only`: this run, or null: all. Two small reads for each. `note` is told, in the order of the inbox, of runs of which this version
 * cannot say more; what is not of one record is thrown there.
 */
export async function readInbox(
  store: BlobStore,
  only: string | null,
  note: (what: string, error: unknown) => void,
): Promise<readonly InboxLine[]> {
  const runs: string[] = [];
  if (only !== null) runs.push(only);
  else {
    for await (const { blobs } of store.list(inboxPrefix, { etags: false }))
      runs.push(...blobs.map(({ key }) => key.slice(inboxPrefix.length)));
  }
  const found = await pLimit(readsAtOnce).map(runs, async (run) => await readLine(store, run));
  for (const { unread, run } of found) if (unread !== null) note(`run ${run}`, unread.error);
  return found.flatMap(({ line }) => (line === null ? [] : [line]));
}

interface Found {
  readonly run: string;
  readonly line: InboxLine | null;
  /** Why its record could not be read. */
  readonly unread: { readonly error: unknown } | null;
}

async function readLine(store: BlobStore, run: string): Promise<Found> {
  const [blob, stored] = await Promise.all([readAll(store, runKey(run)), readAll(store, inboxKey(run))]);
  // Admitted in this moment, or never stored whole.
  if (blob === null || stored === null) return { run, line: null, unread: null };
  const entry = parseInboxEntry(run, stored.bytes);
  let [spec, unread]: [RunSpec | null, Found["unread"]] = [null, null];
  try {
    spec = parseRun(run, blob.bytes);
  } catch (error) {
    unread = { error };
  }
  const aggregate = spec?.aggregate ?? entry.aggregate;
  if (aggregate === undefined) return { run, line: null, unread };
  const { name: analysis = null } = spec?.analysis ?? {};
  return {
    run,
    line: { run, aggregate, analysis, submittedAt: spec?.submittedAt ?? null, held: heldOf(entry) },
    unread,
  };
}

function heldOf({ waits }: InboxEntry): HoldLine | null {
  if (waits === undefined) return null;
  const { what, where, hint, since } = waits;
  return { kind: "admission", what, where, hint, since, until: null, times: 1 };
}
