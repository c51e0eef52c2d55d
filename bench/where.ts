/**
 * Where the CPU time of a `spotfold run` goes, by kind of process: what `run` (bench/run.ts) counts as one number. On Linux only.
 */
import { basename } from "node:path";
import { comparedBy, median } from "./measure.ts";
import { processTimes, type ProcessTime } from "./process-times.ts";
import { runCommand, samplesOf } from "./run.ts";
import type { Bench, Row, Setup } from "./types.ts";

const kinds = ["decoders", "executors of jobs", "executors that merge and render", "worker", "`run` itself"] as const;
type Kind = (typeof kinds)[number] | "others";

/** What a process is, by its words and those of its parent. */
export function kindOf({ words }: ProcessTime, parent: readonly string[] = []): Kind {
  const child = words.map((word) => /^(decoder|executor)\.(?:mjs|ts)$/.exec(basename(word))?.[1]).find(Boolean);
  if (child === "decoder") return "decoders";
  if (child === "executor")
    return isCommand(parent, "worker") ? "executors of jobs" : "executors that merge and render";
  if (isCommand(words, "worker")) return "worker";
  return isCommand(words, "run") ? "`run` itself" : "others";
}

function isCommand(words: readonly string[], name: string): boolean {
  const program = words.findIndex((word) => basename(word) === "spotfold.cjs");
  return program >= 0 && words[program + 1] === name;
}

/** Seconds of CPU by kind, and all of it as the system counted it. */
async function timesOf(command: Parameters<typeof processTimes>[0]): Promise<Map<Kind | "all", number>> {
  const { cost, byPid } = await processTimes(command);
  const times = new Map<Kind | "all", number>([["all", cost.cpu]]);
  for (const process of byPid.values()) {
    const kind = kindOf(process, byPid.get(process.parent)?.words);
    times.set(kind, (times.get(kind) ?? 0) + process.cpu);
  }
  return times;
}

async function* rows({ runs, mb, folder, blocks }: Setup): AsyncGenerator<Row> {
  if (process.platform !== "linux") return;
  for await (const { codec, sample } of samplesOf(mb, folder, blocks)) {
    const all: Map<Kind | "all", number>[] = [];
    for (let run = 0; run < runs; run++) all.push(await timesOf(runCommand("histograms", sample, folder)));
    const total = median(all.map((times) => times.get("all") ?? NaN));
    const of = `of a run of histograms over ${blocks === undefined ? `${mb} MB of` : "these"} .${codec}, one slot`;
    for (const kind of kinds) {
      const pairs = all.map((times) => ({ ours: times.get(kind) ?? 0, beside: times.get("all") ?? NaN }));
      const what = `${of}: ${kind}, CPU`;
      yield { what, against: "all of it", unit: "s", ...comparedBy(pairs, (seconds) => seconds), beside: total };
    }
  }
}

export const where: Bench = {
  name: "where",
  about: "which processes the CPU time of `spotfold run` goes to",
  run: rows,
};
