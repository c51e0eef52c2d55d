/** A work store in memory as a command finds one, with runs in it: submitted, admitted, closed, held. */
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { holdKey, inboxKey, runKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { seededRandom } from "../support/manual-clock.ts";

export function specOf(run: string, changes: Partial<RunSpec> = {}): RunSpec {
  return {
    format: 1,
    run,
    aggregate: "a",
    submittedAt: 0,
    bundle: "0".repeat(64),
    analysis: { name: "counts", state: 1, key: ["os"], publishBy: 0, pointer: "latest.json" },
    params: {},
    inputs: [],
    dataset: { name: "d", place: "file:/nowhere/at/all", layout: "{rest}", records: "ndjson" },
    filter: {},
    partitionBy: null,
    reprocess: false,
    deadlineMs: 1_000_000,
    ...changes,
  };
}

/** As `submit` leaves it. */
export async function submitted(store: BlobStore, spec: RunSpec): Promise<void> {
  await store.create(runKey(spec.run), encodeStored(spec));
  await store.put(inboxKey(spec.run), encodeStored({ format: 1, run: spec.run, aggregate: spec.aggregate }));
}

/** As a master does it; without jobs it is closed at once. */
export async function admitted(store: BlobStore, spec: RunSpec, jobs: number): Promise<void> {
  await new Ledger(store, seededRandom(7)).commit(spec.aggregate, ({ manifest, storeTime }) => {
    const admission = { spec, plan: `${spec.run}.0123456789ab`, jobs, blocks: jobs, admittedAt: storeTime };
    const outcome = ledgerRules.admit(manifest, admission);
    return { manifest: outcome.outcome === "changed" ? outcome.manifest : null, result: null };
  });
  await store.delete([inboxKey(spec.run)]);
}

/** `since` and `until` are the store's. */
export async function held(store: BlobStore, run: string, changes: Partial<Hold>): Promise<void> {
  const texts = { what: "denied", where: "worker w", hint: "allow it" };
  const hold: Hold = { format: 1, run, kind: "environment", ...texts, since: 0, until: 0, times: 1, heldMs: 0 };
  await store.put(holdKey(run), encodeStored({ ...hold, ...changes }));
}
