/** The command line as a user calls it, in folders of tests' own, and what it publishes, made comparable. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeSample, type SampleResult } from "../../cli/sample/make.ts";
import { sampleRequest } from "../../cli/sample/options.ts";
import { run, start, type Ended, type Started, type StartOptions } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";

export const bin: string = join(repositoryRoot, "bin/spotfold.cjs");

/** Everything that waits waits a tenth as long. Shorter, and a busy machine would look like one that stalls. */
const env = { SPOTFOLD_TIMING_SCALE: "0.1" };

/** A command of a few seconds on a machine that does other things, too. */
const waitMs = 90_000;

export function spotfold(cwd: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return run(process.execPath, [bin, ...args], { cwd, waitMs, ...options, env: { ...env, ...options.env } });
}

export function startSpotfold(cwd: string, args: readonly string[], options: StartOptions = {}): Promise<Started> {
  return start(process.execPath, [bin, ...args], { cwd, ...options, env: { ...env, ...options.env } });
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

/** The object of `--json`: the last and only line. */
export function jsonOf<T = RunJson>({ stdout }: Ended): T {
  const lines = stdout.split("\n");
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`not one line: ${JSON.stringify(stdout)}`);
  return JSON.parse(lines[0] ?? "") as T;
}

/** A small synthetic dataset of mixed codecs. */
export async function smallSample(folder: string, blocks: number, mb: number): Promise<SampleResult> {
  return await makeSample(sampleRequest(folder, { blocks, mb, codecs: "lzma,xz,gz,zst,plain" }), {});
}

/**
 * What "the same bytes" compares: the labels of the pointer with the files of the folders that they name, and coverage.json
 * without what says when and by whom.
 */
export function publishedBytes(folder: string): { labels: Record<string, Record<string, string>>; coverage: unknown } {
  const pointer = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8")) as Record<string, string>;
  const labels = Object.fromEntries(
    Object.entries(pointer).map(([label, name]) => [
      label,
      Object.fromEntries(
        readdirSync(join(folder, name))
          .toSorted()
          .map((file) => [file, readFileSync(join(folder, name, file), "base64")]),
      ),
    ]),
  );
  const coverage = JSON.parse(readFileSync(join(folder, "coverage.json"), "utf8")) as Record<string, unknown>;
  const { run: _run, snapshot: _snapshot, asOf: _asOf, units, ...rest } = coverage;
  const kept = Object.entries(units as Record<string, Record<string, unknown>>).map(([label, unit]) => {
    const { folder: _folder, ...others } = unit;
    return [label, others] as const;
  });
  return { labels, coverage: { ...rest, units: Object.fromEntries(kept) } };
}
