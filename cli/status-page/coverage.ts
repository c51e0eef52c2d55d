/**
 * What aggregates cover, what they miss, and what open runs have still to do. Reading all coverage costs a few requests for each
 * of its segments, so it is read again when a run was admitted or closed, and else not more often than `everyMs`.
 *
 * A block that is missing, and that an open run tries again, is among the missing ones until the run has it: it is counted once.
 */
import { readCoveredBlocks } from "../../master/coverage.ts";
import type { Snapshot } from "../../master/ledger/ledger.ts";
import { missingReasonOf } from "../../master/plan/select.ts";
import { missingReasons, type MissingReason } from "../../shared/formats/resolution.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { openBlocks, TriedAgain } from "../../master/passes/tried-again.ts";

/** Compressed; about a million blocks. Beyond, counts and the list are what coverage.json is for. */
const coverageBytesMax = 64 * 1024 * 1024;

export interface KnownMissing {
  readonly dataset: string;
  readonly key: string;
  readonly reason: MissingReason;
  readonly class: "content" | "circumstance";
  readonly detail: string;
  /** The open run that tries it again; null: none does. */
  readonly triedBy: string | null;
}

export interface KnownCoverage {
  readonly covered: number;
  readonly missing: readonly KnownMissing[];
  /** Of open runs, and neither covered nor missing. */
  readonly open: number;
}

interface Entry {
  readonly segments: string;
  readonly plans: string;
  readonly readAt: number;
  readonly coverage: KnownCoverage;
}

export class Coverages {
  readonly #everyMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #triedAgain = new TriedAgain();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** As of `now` (ms, monotonic) or `everyMs` before. Null when there is too much of it. Throws what reading throws. */
  async read(store: BlobStore, snapshot: Snapshot, now: number): Promise<KnownCoverage | null> {
    const { aggregate, coverage, open } = snapshot.manifest;
    if (coverage.reduce((sum, { bytes }) => sum + bytes, 0) > coverageBytesMax) return null;
    const segments = coverage.map(({ key }) => key).join(" ");
    const plans = open.map(({ plan }) => plan).join(" ");
    const known = this.#entries.get(aggregate);
    if (known?.plans === plans && (known.segments === segments || now < known.readAt + this.#everyMs)) {
      return known.coverage;
    }
    const read = await this.#read(store, snapshot);
    this.#entries.set(aggregate, { segments, plans, readAt: now, coverage: read });
    return read;
  }

  async #read(store: BlobStore, { manifest }: Snapshot): Promise<KnownCoverage> {
    const rows: (KnownMissing & { readonly run: string })[] = [];
    let covered = 0;
    for await (const { dataset, key, row } of readCoveredBlocks(store, manifest.coverage)) {
      if (row.state === "covered") {
        covered++;
        continue;
      }
      const reason = missingReasonOf(row);
      const what = { reason, class: missingReasons[reason], detail: row.detail ?? "" };
      rows.push({ dataset, key, ...what, run: row.run, triedBy: null });
    }
    const tries = await this.#triedAgain.read(store, manifest, rows);
    const missing = rows.map(({ run: _run, ...row }, index) => ({ ...row, triedBy: tries[index] ?? null }));
    return { covered, missing, open: openBlocks(manifest, tries) };
  }
}
