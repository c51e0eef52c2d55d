/** Runs that wait to be admitted, and why a master could not do that. */
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

/** Two small reads for each. `note` is told of runs of which this version cannot say more; what is not of one record is thrown there. */
export async function readInbox(
  store: BlobStore,
  note: (what: string, error: unknown) => void,
): Promise<readonly InboxLine[]> {
  const lines: InboxLine[] = [];
  for await (const page of store.list(inboxPrefix, { etags: false })) {
    for (const { key } of page.blobs) {
      const line = await readLine(store, key.slice(inboxPrefix.length), note);
      if (line !== null) lines.push(line);
    }
  }
  return lines;
}

async function readLine(
  store: BlobStore,
  run: string,
  note: (what: string, error: unknown) => void,
): Promise<InboxLine | null> {
  const [blob, stored] = await Promise.all([readAll(store, runKey(run)), readAll(store, inboxKey(run))]);
  // Admitted in this moment, or never stored whole.
  if (blob === null || stored === null) return null;
  const entry = parseInboxEntry(run, stored.bytes);
  let spec: RunSpec | null = null;
  try {
    spec = parseRun(run, blob.bytes);
  } catch (error) {
    note(`run ${run}`, error);
  }
  const aggregate = spec?.aggregate ?? entry.aggregate;
  if (aggregate === undefined) return null;
  const { name: analysis = null } = spec?.analysis ?? {};
  return { run, aggregate, analysis, submittedAt: spec?.submittedAt ?? null, held: heldOf(entry) };
}

function heldOf({ waits }: InboxEntry): HoldLine | null {
  if (waits === undefined) return null;
  const { what, where, hint, since } = waits;
  return { kind: "admission", what, where, hint, since, until: null, times: 1 };
}
