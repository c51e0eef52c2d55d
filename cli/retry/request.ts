/**
 * What `retry` submits: a run over the missing blocks of an aggregate with the code that the aggregate is rendered with now:
 * bundle, parameters and side files of the run that was admitted last. They are in the store, so the analysis' source is not
 * needed; and had an older run's been taken, it would render what newer ones have folded.
 */
import type { Ledger } from "../../master/ledger/ledger.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { missingReasons } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { bundleKey, inboxKey, inputKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { findTarget } from "../compose/look.ts";
import { readRun } from "../compose/master.ts";
import { newRunId } from "../submit/request.ts";
import { findMissing } from "./missing.ts";

export interface RetryRequest {
  readonly name: string;
  /** Reasons of missing blocks, with commas between them; undefined: all. */
  readonly reason: string | undefined;
  readonly dataset: string | undefined;
  readonly where: readonly string[];
  readonly deadlineMs: number;
}

export interface Retry {
  readonly spec: RunSpec;
  readonly manifest: Manifest;
  /** Blocks that are missing, whether or not they are still there. */
  readonly wanted: number;
}

/** Throws `usage` for what cannot be retried now, `absent` when the code is no longer in the store. */
export async function retryOf(store: BlobStore, ledger: Ledger, request: RetryRequest): Promise<Retry> {
  const reasons = reasonsOf(request.reason);
  const { aggregate, run } = await findTarget(store, request.name);
  const { manifest } = await ledger.read(aggregate);
  if (run !== null) await refuseUnended(store, manifest, run);
  if (manifest === null) {
    throw new SpotfoldError("usage", `${aggregate} holds nothing yet`, { hint: "See spotfold status." });
  }
  const code = await readRun(store, manifest.renderer.run);
  await requireCode(store, code);
  const { dataset, filter, count, ...found } = await findMissing({
    store,
    manifest,
    reasons: new Set(reasons),
    dataset: request.dataset,
    selectedBy: run === null ? null : await readRun(store, run),
    where: request.where,
  });
  const { bundle, analysis, params, inputs } = code;
  const now = systemClock.now();
  const spec: RunSpec = {
    format: 1,
    run: newRunId(now, systemRandom),
    aggregate,
    submittedAt: now,
    bundle,
    analysis,
    params,
    inputs,
    dataset: { ...dataset },
    filter: JSON.parse(JSON.stringify(filter)) as RunSpec["filter"],
    partitionBy: compileLayout(dataset.layout).dateDimension ?? null,
    reprocess: true,
    // In the order of the table: two that ask for the same are the same.
    retry: reasons.filter((reason) => found.reasons.has(reason)),
    deadlineMs: Math.round(request.deadlineMs),
  };
  return { spec, manifest, wanted: count };
}

/** In the order of the table, each once. */
function reasonsOf(text: string | undefined): string[] {
  const known = Object.keys(missingReasons);
  if (text === undefined) return known;
  const asked = text.split(",").map((reason) => reason.trim());
  const unknown = asked.find((reason) => !known.includes(reason));
  if (unknown === undefined) return known.filter((reason) => asked.includes(reason));
  throw new SpotfoldError("usage", `--reason ${JSON.stringify(unknown)} is no reason of a missing block`, {
    hint: `Use some of ${known.join(",")}.`,
  });
}

/** What an open run misses may yet be handed on to another worker, and its blocks are its own until it ends. */
async function refuseUnended(store: BlobStore, manifest: Manifest | null, run: string): Promise<void> {
  const isOpen = manifest?.open.some((open) => open.run === run) === true;
  if (!isOpen && (await store.head(inboxKey(run))) === null) return;
  const what = isOpen ? "is still open" : "waits for a master";
  throw new SpotfoldError("usage", `the run ${run} ${what}: what it misses is known when it has ended`, {
    hint: `Wait for its end, or end it: spotfold cancel ${run}`,
  });
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
