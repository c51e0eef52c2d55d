/** A folder in which `spotfold` is called as a user would, by real processes. */
import { join } from "node:path";
import assert from "node:assert/strict";
import { run, start, type Ended, type Started } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";

/** A run of a few seconds, on a machine that has other things to do. */
const endMsMax = 180_000;

/**
 * Times as short as a busy machine allows: a lease of 3 s, stall of 12 s (Node's own start may take a second there). The
 * processes are real, so the clock is the machine's.
 */
export const shortTimes = {
  SPOTFOLD_TIMING_SCALE: "0.1",
  SPOTFOLD_TIMING_LEASE_MS: "30000",
  SPOTFOLD_TIMING_HEARTBEAT_MS: "5000",
  SPOTFOLD_TIMING_STALL_MS: "120000",
} as const;

export interface RunEnd extends Ended {
  /** What `--json` printed. */
  readonly json: RunJson;
}

export interface RunJson {
  readonly run: string;
  readonly aggregate: string;
  readonly blocks: {
    readonly selected: number;
    readonly covered: number;
    readonly missing: readonly { readonly key: string; readonly reason: string; readonly class: string }[];
  };
  readonly records: { readonly read: number; readonly rejected: Readonly<Record<string, number>> };
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null };
}

export class Site {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(folder: string, env: Readonly<Record<string, string>> = shortTimes) {
    this.folder = folder;
    this.#env = env;
  }

  async start(args: readonly string[]): Promise<Started> {
    return await start(process.execPath, [join(repositoryRoot, "bin/spotfold.cjs"), ...args], this.#options());
  }

  async call(args: readonly string[]): Promise<Ended> {
    const words = [join(repositoryRoot, "bin/spotfold.cjs"), ...args];
    return await run(process.execPath, words, { ...this.#options(), waitMs: endMsMax });
  }

  /** `run … --json`, to its end. */
  async run(args: readonly string[]): Promise<RunEnd> {
    return withJson(await this.call(["run", ...args, "--json"]));
  }

  /** The same, and everything was covered. */
  async runWhole(args: readonly string[]): Promise<RunEnd> {
    const end = await this.run(args);
    assert.equal(end.code, 0, `${end.stderr}${end.stdout}`);
    return end;
  }

  #options(): { cwd: string; env: Readonly<Record<string, string>> } {
    return { cwd: this.folder, env: this.#env };
  }
}

/** The last and only line on stdout. */
export function withJson(end: Ended): RunEnd {
  const lines = end.stdout.split("\n").filter((line) => line !== "");
  assert.equal(lines.length, 1, `--json prints one line: ${end.stdout}${end.stderr}`);
  return { ...end, json: JSON.parse(lines[0] ?? "") as RunJson };
}
