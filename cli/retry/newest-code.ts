/**
 * The code that a retry runs with: bundle, parameters and side files of the newest run of the aggregate, whether it was admitted
 * (then it renders) or waits for a master. A retry that is admitted after one that waits is not to render with what was before.
 */
import { ledgerRules } from "../../master/ledger/rules.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { bundleKey, inboxPrefix, inputKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRunIfKnown } from "../../shared/read-run.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { readRun } from "../compose/master.ts";

/** Throws `absent` when it is no longer in the store. Runs that no master would admit, and those of newer versions, are left out. */
export async function newestCode(store: BlobStore, manifest: Manifest): Promise<RunSpec> {
  let newest = await readRun(store, manifest.renderer.run);
  for await (const page of store.list(inboxPrefix)) {
    for (const { key } of page.blobs) {
      const run = key.slice(inboxPrefix.length);
      // Names begin with the time.
      if (compareTexts(run, newest.run) <= 0) continue;
      const waiting = await readRunIfKnown(store, run);
      if (waiting?.aggregate === manifest.aggregate && ledgerRules.admissible(manifest, waiting) === "yes")
        newest = waiting;
    }
  }
  await requireCode(store, newest);
  return newest;
}

/** Workers would find out job by job. */
async function requireCode(store: BlobStore, { run, bundle, inputs }: RunSpec): Promise<void> {
  for (const key of [bundleKey(bundle), ...inputs.map(({ sha256 }) => inputKey(sha256))]) {
    if ((await store.head(key)) !== null) continue;
    throw new SpotfoldError("absent", `the run ${run} needs ${key}, which is no longer in ${store.name}`, {
      hint: "Submit the analysis itself again, with --reprocess and the same --into.",
    });
  }
}
