/** coverage.json: the denominators of what is published, of exactly the snapshot that it is published with. */
import { missingReasons, type MissingReason } from "../../shared/formats/resolution.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { readCoveredBlocks } from "../coverage.ts";
import { missingReasonOf } from "../plan/select.ts";
import type { Snapshot } from "../ledger/ledger.ts";
import type { PublishedUnit } from "./published.ts";
import { openBlocks, TriedAgain } from "./tried-again.ts";

export interface MissingBlock {
  readonly dataset: string;
  readonly key: string;
  readonly reason: MissingReason;
  readonly class: "content" | "circumstance";
  readonly detail: string;
}

export interface PublishedCoverage {
  readonly format: 1;
  readonly aggregate: string;
  readonly pointer: string;
  /** The run that was admitted last. */
  readonly run: string;
  /** Number of the snapshot. */
  readonly snapshot: number;
  /** When the snapshot was read, by the store's clock. */
  readonly asOf: string;
  /** Records that were accepted. */
  readonly pings: number;
  readonly records: { readonly read: number; readonly rejected: Readonly<Record<string, number>> };
  /** Each once: what is missing and tried again by an open run is missing until that has it. */
  readonly blocks: { readonly covered: number; readonly missing: number; readonly open: number };
  readonly missing: readonly MissingBlock[];
  /** By label: the folder, and what its renderer notes (definitions left out, measures dropped, ...). */
  readonly units: Readonly<Record<string, { key: string; folder: string; notes: Readonly<Record<string, unknown>> }>>;
}

export async function describeCoverage(
  store: BlobStore,
  { manifest, storeTime }: Snapshot,
  units: ReadonlyMap<string, PublishedUnit>,
): Promise<PublishedCoverage> {
  const rejected = new Map<string, number>();
  const missing: (MissingBlock & { readonly run: string })[] = [];
  let covered = 0;
  let read = 0;
  let refused = 0;
  for await (const { dataset, key, row } of readCoveredBlocks(store, manifest.coverage)) {
    if (row.state === "missing") {
      const reason = missingReasonOf(row);
      missing.push({ dataset, key, reason, class: missingReasons[reason], detail: row.detail ?? "", run: row.run });
      continue;
    }
    covered++;
    read += row.records;
    for (const [reason, count] of Object.entries(row.rejected)) {
      rejected.set(reason, (rejected.get(reason) ?? 0) + count);
      refused += count;
    }
  }
  const tries = await new TriedAgain().read(store, manifest, missing);
  return {
    format: 1,
    aggregate: manifest.aggregate,
    pointer: manifest.renderer.pointer,
    run: manifest.renderer.run,
    snapshot: manifest.number,
    asOf: new Date(storeTime).toISOString(),
    pings: read - refused,
    records: { read, rejected: Object.fromEntries([...rejected].toSorted(([a], [b]) => compareTexts(a, b))) },
    blocks: { covered, missing: missing.length, open: openBlocks(manifest, tries) },
    missing: missing.map(({ run: _run, ...block }) => block),
    units: Object.fromEntries(
      [...units.values()]
        .toSorted((a, b) => compareTexts(a.label, b.label))
        .map(({ unit, label, folder, notes }) => [label, { key: unit, folder, notes }]),
    ),
  };
}
