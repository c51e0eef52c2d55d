/**
 * What `retry` submits: a run over the missing blocks of an aggregate with the code that its newest run has. That is in the
 * store, so the analysis' source is not needed; and an older run's code would render what newer ones have folded.
 *
 *   what is missing is found -> the caller lists what the narrowest filter selects -> ledger and code are read again, since a
 *   listing may take minutes
 */
import type { Ledger } from "../../master/ledger/ledger.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { missingReasons } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { inboxKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { findTarget } from "../compose/look.ts";
import { readRun } from "../compose/master.ts";
import { newRunId } from "../submit/run-id.ts";
import { findMissing } from "./missing.ts";
import { newestCode } from "./newest-code.ts";

export interface RetryRequest {
  readonly name: string;
  /** Reasons of missing blocks, with commas between them; undefined: all. */
  readonly reason: string | undefined;
  readonly dataset: string | undefined;
  readonly where: readonly string[];
  /** Where data are now, whatever runs said. */
  readonly configured: readonly DatasetSpec[];
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
  const { configured, where } = request;
  const { aggregate, run } = await findTarget(store, request.name);
  const { manifest } = await ledger.read(aggregate);
  if (run !== null) await refuseUnended(store, manifest, run);
  if (manifest === null) throw holdsNothing(aggregate);
  const selectedBy = run === null ? null : await readRun(store, run);
  if (selectedBy !== null) refuseOther(selectedBy, request.dataset);
  const asked = reasonsOf(request.reason);
  // What such a run selects is what is missing by its reasons.
  const reasons = asked.filter((reason) => selectedBy?.retry?.includes(reason) ?? true);
  const code = await newestCode(store, manifest);
  const { dataset, filter, count, ...found } = await findMissing({
    store,
    manifest,
    reasons: new Set(reasons),
    dataset: request.dataset,
    selectedBy,
    where,
    configured,
  });
  const now = systemClock.now();
  const spec: RunSpec = {
    format: 2,
    run: newRunId(now, systemRandom),
    aggregate,
    submittedAt: now,
    ...codeOf(code),
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

/** The same run as things stand now. Throws as `retryOf` does: what was missing may be covered. */
export async function retryAgain(store: BlobStore, ledger: Ledger, { spec }: Retry): Promise<Retry> {
  const { aggregate, dataset, retry = [] } = spec;
  const { manifest } = await ledger.read(aggregate);
  if (manifest === null) throw holdsNothing(aggregate);
  const code = await newestCode(store, manifest);
  const reasons = new Set(retry);
  const input = { store, manifest, reasons, dataset: dataset.name, selectedBy: spec, where: [], configured: [] };
  const { count } = await findMissing(input);
  return { spec: { ...spec, ...codeOf(code) }, manifest, wanted: count };
}

function codeOf({
  bundle,
  analysis,
  params,
  inputs,
}: RunSpec): Pick<RunSpec, "bundle" | "analysis" | "params" | "inputs"> {
  return { bundle, analysis, params, inputs };
}

function holdsNothing(aggregate: string): SpotfoldError {
  return new SpotfoldError("usage", `${aggregate} holds nothing yet`, { hint: "See spotfold status." });
}

function refuseOther({ run, dataset }: RunSpec, asked: string | undefined): void {
  if (asked === undefined || asked === dataset.name) return;
  throw new SpotfoldError("usage", `the run ${run} is over ${dataset.name}, and not over ${asked}`, {
    hint: "Leave --dataset out, or name the aggregate instead of the run.",
  });
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
