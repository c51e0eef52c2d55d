/**
 * What is submitted: the analysis bundled and checked, the selection resolved, the aggregate named. Nothing is stored here.
 *
 *   bundle by esbuild -> written to a scratch folder -> an executor loads it, checks the parameters, maps the first records
 *   of one block (where that may be read; else it is said, and goes on)
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleAnalysis, type Bundle } from "../../executor/bundle.ts";
import type { AnalysisDescription, BundleRef, CheckResult, CheckTask, Executors } from "../../executor/types.ts";
import type { PartitionedBlock } from "../../master/context.ts";
import type { DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { codeOf, hintOf, messageOf } from "../../shared/errors.ts";
import { digestOf, type RunSpec } from "../../shared/formats/run.ts";
import { checkId } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock, Random } from "../../shared/ports/clock.ts";
import type { InputFile } from "./inputs.ts";
import { parseParams } from "./params.ts";
import { newRunId } from "./run-id.ts";

export interface AnalysisOptions {
  readonly param?: readonly string[];
  readonly by?: string;
  readonly definitions?: string;
  /** A run whose side files are taken, from the store. */
  readonly inputsOf?: string;
}

/** The author's module, by its absolute path, or a bundle that is there. */
export type AnalysisSource = string | Bundle;

/** An analysis that was bundled and checked. */
export interface CheckedAnalysis {
  readonly bundle: Bundle;
  readonly inputs: readonly InputFile[];
  readonly description: AnalysisDescription;
  readonly check: CheckResult;
}

export interface CheckInput {
  readonly source: AnalysisSource;
  /** Side files. */
  readonly inputs: readonly InputFile[];
  readonly options: AnalysisOptions;
  readonly executors: Executors;
  /** This process' folder: should it be killed, the next one removes it. */
  readonly scratch: string;
  readonly dataset: DatasetSpec;
  /** One of the selected blocks and its store; null: nothing is mapped. */
  readonly sample: { readonly block: PartitionedBlock; readonly data: BlobStore } | null;
}

export async function checkAnalysis(input: CheckInput): Promise<CheckedAnalysis> {
  const { source, inputs, options, executors } = input;
  const params = parseParams(options.param ?? [], options.by);
  const bundle = typeof source === "string" ? await bundleAnalysis(source) : source;
  const scratch = await mkdtemp(join(input.scratch, "check-"));
  try {
    const path = join(scratch, "bundle.mjs");
    await writeFile(path, bundle.bytes);
    const ref: BundleRef = {
      sha256: bundle.sha256,
      path,
      params,
      inputs: inputs.map(({ name, path }) => ({ name, path })),
    };
    const check = await checkWith(executors, ref, input);
    return { bundle, inputs, description: check.description, check };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkWith(executors: Executors, bundle: BundleRef, input: CheckInput): Promise<CheckResult> {
  const { sample, dataset } = input;
  if (sample === null) return await executors.check({ bundle, sample: null });
  const { block, data } = sample;
  let lent: NonNullable<CheckTask["sample"]>["lent"];
  try {
    lent = await data.lend(block.key);
  } catch (error) {
    const { description } = await executors.check({ bundle, sample: null });
    const unread = {
      cause: "environment",
      reason: codeOf(error) ?? "error",
      message: `${block.key}: ${messageOf(error)}`,
      ...hintOf(error),
    } as const;
    return { description, mapped: null, unread };
  }
  return await executors.check({ bundle, sample: { records: dataset.records, block: { ...block, index: 0 }, lent } });
}

export interface RequestInput {
  readonly checked: CheckedAnalysis;
  readonly dataset: DatasetSpec;
  readonly filter: Filter;
  /** Name of the aggregate; undefined: one that follows from everything that the answer depends on. */
  readonly into: string | undefined;
  readonly reprocess: boolean;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** The digits of a default aggregate's name; what is before them is cut so that the name stays valid. */
const aggregateDigits = 8;
const aggregateStemChars = 54;

export function requestOf(input: RequestInput): RunSpec {
  const { checked, dataset, filter, into, reprocess, deadlineMs, clock, random } = input;
  const { bundle, description } = checked;
  const { name, state, key, publishBy, pointer, params } = description;
  const inputs = checked.inputs.map((file) => ({ name: file.name, sha256: file.sha256, bytes: file.bytes.length }));
  const identity = { dataset, filter, params, inputs, bundle: bundle.sha256 };
  const aggregate =
    into === undefined
      ? `${name.slice(0, aggregateStemChars)}-${digestOf(identity).slice(0, aggregateDigits)}`
      : checkId("--into", into);
  return {
    format: 1,
    run: newRunId(clock.now(), random),
    aggregate,
    submittedAt: clock.now(),
    bundle: bundle.sha256,
    analysis: { name, state, key: [...key], publishBy, pointer },
    params,
    inputs,
    dataset: { ...dataset },
    filter: mutableFilter(filter),
    partitionBy: compileLayout(dataset.layout).dateDimension ?? null,
    reprocess,
    deadlineMs: Math.round(deadlineMs),
  };
}

/** As run.json holds it: the same, of plain lists. */
function mutableFilter(filter: Filter): RunSpec["filter"] {
  return JSON.parse(JSON.stringify(filter)) as RunSpec["filter"];
}
