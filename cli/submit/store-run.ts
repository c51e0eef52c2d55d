/**
 * Storing a submission: bundle and inputs, then run.json (created, once), then the inbox entry. A master admits what it finds
 * in the inbox, so everything that it needs is there before. The same id with the same content again is success.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import { canonicalJson, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { bundleKey, inboxKey, inputKey, runKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { CheckedAnalysis } from "./request.ts";

export async function storeRun(store: BlobStore, checked: CheckedAnalysis, spec: RunSpec): Promise<void> {
  await store.create(bundleKey(checked.bundle.sha256), checked.bundle.bytes);
  for (const { sha256, bytes } of checked.inputs) await store.create(inputKey(sha256), bytes);
  await storeSpec(store, spec);
}

/** Of a run whose bundle and inputs are in the store. */
export async function storeSpec(store: BlobStore, spec: RunSpec): Promise<void> {
  const bytes = encodeStored(spec);
  const created = await store.create(runKey(spec.run), bytes);
  if (!created.created && !isSame(created.existing, spec)) {
    throw new SpotfoldError("run-exists", `there is another run ${spec.run}`, { hint: "Submit again." });
  }
  await store.put(inboxKey(spec.run), encodeStored({ format: 1, run: spec.run, aggregate: spec.aggregate }));
}

function isSame(existing: Uint8Array, spec: RunSpec): boolean {
  try {
    return canonicalJson(JSON.parse(Buffer.from(existing).toString("utf8"))) === canonicalJson(spec);
  } catch {
    return false;
  }
}
