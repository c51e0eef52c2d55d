/**
 * Timing that stands up on a machine which does other things as well: two ways of doing the same are run in turn, A B A B ...,
 * and compared pair by pair; what is shown is the median pair. Processes are timed whole, their start included, by the CPU
 * time which the system counted for them and for everything that they started and waited for.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Cost {
  /** User and system time of the process and its descendants, seconds. */
  readonly cpu: number;
  /** Seconds from start to exit. */
  readonly wall: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** Bash counts children that were waited for, as every system does it; its format is the one that needs no further program. */
const timed = `TIMEFORMAT='%U %S %R'; exec 3>&2; { time "$@" >/dev/null 2>&3; } 2>&4`;

/** Runs a command to its end, its output thrown away. Throws, with what it said on stderr, when it exits with anything but 0 or `codes`. */
export async function costOf({ file, args, cwd }: Command, codes: readonly number[] = []): Promise<Cost> {
  const child = spawn("bash", ["-c", timed, "bash", file, ...args], {
    stdio: ["ignore", "ignore", "pipe", "ignore", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const texts = ["", ""];
  for (const [index, stream] of [child.stdio[2], child.stdio[4]].entries()) {
    stream?.on("data", (chunk: Buffer) => (texts[index] += chunk.toString()));
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0 && !codes.includes(code ?? -1))
    throw new Error(`${file} ended with ${code ?? "a signal"}: ${texts[0] ?? ""}`);
  const [user = NaN, system = NaN, wall = NaN] = (texts[1] ?? "").trim().split(/\s+/).map(Number);
  if (Number.isNaN(wall)) throw new Error(`bash did not say how long ${file} took: ${texts[1] ?? ""}`);
  return { cpu: user + system, wall };
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

export interface Compared {
  /** Medians of what each of the two gave. */
  readonly ours: number;
  readonly beside: number;
  /** ours / beside, of each pair. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
}

/** What two ways of doing the same gave, turn by turn. */
export type Pairs<Value> = readonly { readonly ours: Value; readonly beside: Value }[];

/** Asks both in turn, `runs` times, after one turn that does not count (it fills the caches of the disk). */
export async function inTurns<Value>(
  runs: number,
  ours: () => Promise<Value>,
  beside: () => Promise<Value>,
): Promise<Pairs<Value>> {
  await ours();
  await beside();
  const pairs: { readonly ours: Value; readonly beside: Value }[] = [];
  for (let run = 0; run < runs; run++) pairs.push({ ours: await ours(), beside: await beside() });
  return pairs;
}

/** Compares the pairs by one of the figures of what they gave. */
export function comparedBy<Value>(pairs: Pairs<Value>, figure: (value: Value) => number): Compared {
  const ours = pairs.map((pair) => figure(pair.ours));
  const beside = pairs.map((pair) => figure(pair.beside));
  const ratios = ours.map((value, index) => value / (beside[index] ?? NaN));
  return {
    ours: median(ours),
    beside: median(beside),
    ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
  };
}

/** Both in one, where there is one figure. */
export async function paired(
  runs: number,
  ours: () => Promise<number>,
  beside: () => Promise<number>,
): Promise<Compared> {
  return comparedBy(await inTurns(runs, ours, beside), (value) => value);
}
