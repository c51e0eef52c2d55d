/**
 * What aggregates cover and what they miss, by the same walk that coverage.json is made with. Reading all coverage costs a few
 * requests for each of its segments, so it is read again only when they changed, and not more often than `everyMs`.
 */
import type { Snapshot } from "../../master/ledger/ledger.ts";
import { describeCoverage, type PublishedCoverage } from "../../master/passes/published-coverage.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

/** Compressed; about a million blocks. Beyond, counts and the list are what coverage.json is for. */
const coverageBytesMax = 64 * 1024 * 1024;

export interface KnownCoverage {
  readonly covered: number;
  readonly missing: PublishedCoverage["missing"];
}

interface Entry {
  readonly segments: string;
  readonly readAt: number;
  readonly coverage: KnownCoverage;
}

export class Coverages {
  readonly #everyMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** As of `now` (ms, monotonic) or `everyMs` before. Null when there is too much of it. Throws what reading throws. */
  async read(store: BlobStore, snapshot: Snapshot, now: number): Promise<KnownCoverage | null> {
    const { aggregate, coverage } = snapshot.manifest;
    if (coverage.reduce((sum, { bytes }) => sum + bytes, 0) > coverageBytesMax) return null;
    const segments = coverage.map(({ key }) => key).join(" ");
    const known = this.#entries.get(aggregate);
    if (known !== undefined && (known.segments === segments || now < known.readAt + this.#everyMs)) {
      return known.coverage;
    }
    const { blocks, missing } = await describeCoverage(store, snapshot, new Map());
    const read = { covered: blocks.covered, missing };
    this.#entries.set(aggregate, { segments, readAt: now, coverage: read });
    return read;
  }
}
