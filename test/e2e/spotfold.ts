/** The command line as a user calls it, in folders of tests' own, and what it publishes, made comparable. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeSample, type SampleResult } from "../../cli/sample/make.ts";
import { sampleRequest } from "../../cli/sample/options.ts";
import { notePlaces } from "../support/aws-places.ts";
import { run, start, type Ended, type Started, type StartOptions } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";

export const bin: string = join(repositoryRoot, "bin/spotfold.cjs");

/**
 * Everything that waits waits a tenth as long: shorter, and a busy machine would look like one that stalls. One slot, where
 * a test does not ask for more: fewer jobs, and so fewer processes.
 */
const env = { SPOTFOLD_TIMING_SCALE: "0.1", SPOTFOLD_SLOTS: "1" };

/** A command of a few seconds on a machine that does other things, too. */
const waitMs = 180_000;

/** Servers are told which command calls, for test/aws-actions.json. */
function envFor(args: readonly string[], given: StartOptions["env"] = {}): NonNullable<StartOptions["env"]> {
  notePlaces(given, args);
  return { ...env, AWS_SDK_UA_APP_ID: args[0], ...given };
}

export function spotfold(cwd: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return run(process.execPath, [bin, ...args], { cwd, waitMs, ...options, env: envFor(args, options.env) });
}

export function startSpotfold(cwd: string, args: readonly string[], options: StartOptions = {}): Promise<Started> {
  return start(process.execPath, [bin, ...args], { cwd, ...options, env: envFor(args, options.env) });
}

export interface RunJson {
  readonly format: 1;
  readonly run: string | null;
  readonly aggregate: string;
  readonly blocks: {
    readonly selected: number;
    readonly covered: number;
    readonly stale: number;
    readonly missing: readonly { readonly key: string; readonly reason: string; readonly class: string }[];
  };
  readonly records: { readonly read: number; readonly rejected: Readonly<Record<string, number>> };
  readonly seconds: number;
}

export interface ErrorJson {
  readonly format: 1;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}

/** The object of `--json`: the last and only line. */
export function jsonOf(ended: Ended): RunJson {
  return onlyLine(ended) as RunJson;
}

export function errorOf(ended: Ended): ErrorJson["error"] {
  return (onlyLine(ended) as ErrorJson).error;
}

function onlyLine({ stdout, stderr }: Ended): unknown {
  const lines = stdout.split("\n");
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`not one line: ${JSON.stringify(stdout)}\n${stderr}`);
  return JSON.parse(lines[0] ?? "");
}

/** A small synthetic dataset of mixed codecs. */
export async function smallSample(folder: string, blocks: number, mb: number): Promise<SampleResult> {
  return await makeSample(sampleRequest(folder, { blocks, mb, codecs: "lzma,xz,gz,zst,plain" }), {});
}

/** What "the same bytes" compares of an analysis without units: its results, and coverage.json without when and by whom. */
export function publishedBytes(folder: string): { readonly results: string; readonly coverage: object } {
  const pointer = JSON.parse(readFileSync(join(folder, "latest.json"), "utf8")) as { readonly folder: string };
  const coverage = JSON.parse(readFileSync(join(folder, "coverage.json"), "utf8")) as Record<string, unknown>;
  const { run: _run, snapshot: _snapshot, asOf: _asOf, units: _units, aggregate: _aggregate, ...rest } = coverage;
  return { results: readFileSync(join(folder, pointer.folder, "results.ndjson"), "utf8"), coverage: rest };
}
