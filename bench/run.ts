/**
 * What `spotfold run` costs all told, from listing to published files, in all of its processes. `histograms` beside
 * decompressing the same blocks with the codec's command-line tool, which is the least that any program does with them; an
 * analysis over objects beside a process that decodes the blocks and parses each record. Starting processes is the same
 * whatever there is to do: the targets are those of 1,000 MB and more (`--mb 1000`). Over other blocks than the sample's with `--blocks DIR`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { comparedBy, costOf, inTurns, paired, type Command } from "./measure.ts";
import { givenBlocks, makeSample, type Sample } from "./sample.ts";
import { spotfold } from "./spotfold.ts";
import type { Bench, Row, Setup } from "./types.ts";

const tools: Readonly<Record<string, readonly string[]>> = {
  lzma: ["xz", "--format=lzma", "-dc"],
  zst: ["zstd", "-dcq"],
};

/** Blocks of a few megabytes each, as the original's were. */
const blockMb = 8;

async function sampleOf(codec: string, mb: number, folder: string): Promise<Sample> {
  return await makeSample(join(folder, codec), codec, mb, Math.max(2, Math.round(mb / blockMb)));
}

/** Raw megabytes from which targets hold: below, what starts and ends cost dominates. A gigabyte, or what is cut as one. */
const fullMb = 950;

/** Of each codec one, or the blocks that are there. */
export async function* samplesOf(
  mb: number,
  folder: string,
  blocks: string | undefined,
): AsyncGenerator<{ readonly codec: string; readonly sample: Sample }> {
  const codecs = Object.keys(tools);
  if (blocks !== undefined) yield await givenBlocks(blocks, codecs, folder);
  else for (const codec of codecs) yield { codec, sample: await sampleOf(codec, mb, folder) };
}

/** Of `.lzma`, beside xz. */
const targets = { cpu: { most: 1.6, of: "ratio" }, wall: { most: 1.2, of: "ratio" } } as const;

/** Of raw `.zst`, by CPU second. */
const zstMbLeast = 200;

const parseChild = fileURLToPath(new URL("parse-child.ts", import.meta.url));

/**
 * Each run has a folder of its own, and none is removed before the end: ext4 does not use inodes again which were freed a
 * moment ago, and looks through them for each file that is made.
 */
let runsMade = 0;

/** `spotfold run` with one slot and places of its own. */
export function runCommand(analysis: string, sample: Sample, folder: string): Command {
  const work = join(folder, `work-${++runsMade}`);
  const places = ["store", "queue", "catalog", "work"].flatMap((name) => [`--${name}`, join(work, name)]);
  const definitions = analysis === "histograms" ? ["--definitions", sample.definitions] : [];
  const from = ["--data", sample.blocks, ...definitions, "--out", join(work, "site")];
  return spotfold(["run", analysis, ...from, "--slots", "1", ...places], folder);
}

/** How much a command writes. Throws when it fails. */
async function bytesFrom(file: string, args: readonly string[]): Promise<number> {
  let bytes = 0;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.on("data", (piece: Buffer) => (bytes += piece.length));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code ?? "a signal"}`);
  return bytes;
}

async function* rows({ runs, mb: mbWanted, folder, blocks }: Setup): AsyncGenerator<Row> {
  for await (const { codec, sample } of samplesOf(mbWanted, folder, blocks)) {
    const [file = "", ...args] = tools[codec] ?? [];
    const mb = blocks === undefined ? mbWanted : Math.round((await bytesFrom(file, [...args, ...sample.files])) / 1e6);
    const pairs = await inTurns(
      runs,
      async () => await costOf(runCommand("histograms", sample, folder)),
      async () => await costOf({ file, args: [...args, ...sample.files] }),
    );
    const against = [file, ...args].join(" ");
    const what = `run histograms over ${mb} MB of .${codec}, one slot`;
    for (const unit of ["cpu", "wall"] as const) {
      yield {
        what: `${what}, ${unit === "cpu" ? "CPU" : "wall time"}`,
        against,
        unit: "s",
        ...comparedBy(pairs, (cost) => cost[unit]),
        ...(codec === "lzma" && mb >= fullMb ? { target: targets[unit] } : {}),
      };
    }
    if (codec !== "zst") continue;
    yield {
      what: `${what}, raw bytes by CPU second`,
      against,
      unit: "MB/s",
      ...comparedBy(pairs, ({ cpu }) => mb / cpu),
      ...(mb >= fullMb ? { target: { least: zstMbLeast, of: "ours" } } : {}),
    };
    yield await overObjects(sample, { runs, mb, folder });
  }
}

async function overObjects(sample: Sample, { runs, mb, folder }: Omit<Setup, "jobs">): Promise<Row> {
  const compared = await paired(
    runs,
    async () => (await costOf(runCommand("os-distribution", sample, folder))).cpu,
    async () => (await costOf({ file: process.execPath, args: [parseChild, ...sample.files] })).cpu,
  );
  const what = `run os-distribution (\`map\` with \`record.json()\`) over ${mb} MB of .zst, one slot, CPU`;
  const target = mb >= fullMb ? { target: { most: 1.15, of: "ratio" } as const } : {};
  return { what, against: "decode, JSON.parse", unit: "s", ...compared, ...target };
}

export const run: Bench = {
  name: "run",
  about: "`spotfold run`, beside decompressing, or parsing, the same blocks",
  run: rows,
};
