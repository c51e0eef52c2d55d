/** Datasets for tests with real processes: real pings, varied by the reference tool, in blocks of all codecs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { referenceDir } from "../support/requirements.ts";

export const codecs = ["lzma", "xz", "gz", "zst", "json"] as const;
export type Codec = (typeof codecs)[number];

const realBlock =
  "saved_session/Firefox/nightly/28.0a1/20131029030201.20131029.v2.log.0ab8723b6fb3455bb34b04d97482fda2.lzma";

/** Publishing writes two files for each measure: few of them, where publishing is not what is tested. */
const measuresKept = 12;

export function definitionsFile(): string {
  return join(referenceDir(), "data/definitions/8d3810543edc.Histograms.json");
}

/** The real block's pings with a few measures each, as a source for `makeBlocks`. */
export function smallSource(folder: string): string {
  const path = join(referenceDir(), "data/blocks", realBlock);
  const text = execFileSync("xz", ["-dc", path], { maxBuffer: 2 ** 26 }).toString();
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const tab = line.indexOf("\t");
      const ping = JSON.parse(line.slice(tab + 1)) as Record<string, Record<string, unknown>>;
      const some = (name: string): Record<string, unknown> =>
        Object.fromEntries(Object.entries(ping[name] ?? {}).slice(0, measuresKept));
      const { info } = ping;
      const small = { ver: 2, info, histograms: some("histograms"), simpleMeasurements: some("simpleMeasurements") };
      return `${line.slice(0, tab)}\t${JSON.stringify(small)}\n`;
    });
  const file = join(folder, "source.lzma");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, execFileSync("xz", ["--format=lzma", "-c"], { input: lines.join("") }));
  return file;
}

export interface BlocksWanted {
  readonly folder: string;
  readonly blocks: number;
  readonly records: number;
  readonly codec: Codec;
  readonly seed: number;
  /** Path of a block whose pings are varied; the real one when left out. */
  readonly source?: string;
}

/** Answers the keys, in the order in which they were made. */
export function makeBlocks({ folder, blocks, records, codec, seed, source }: BlocksWanted): string[] {
  const args = ["--out", folder, "--blocks", blocks, "--records", records, "--format", codec, "--seed", seed];
  const tool = join(referenceDir(), "tools/make-blocks.mjs");
  const output = execFileSync(
    process.execPath,
    [tool, ...args.map(String), ...(source === undefined ? [] : ["--source", source])],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return output
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((path) => path.slice(folder.length + 1));
}

/** So many blocks of each codec. */
export function makeMixed(wanted: Omit<BlocksWanted, "codec">): string[] {
  return codecs.flatMap((codec, i) => makeBlocks({ ...wanted, codec, seed: wanted.seed * codecs.length + i }));
}

/** A block in which only some records can be accepted: a line without a tab, no JSON, a ping without an operating system. */
export function writeOddBlock(folder: string, like: string): string {
  const lines = readFileSync(join(folder, like), "utf8").split("\n");
  const key = like.replace(/[0-9a-f]{32}/, "0".repeat(32));
  const odd = ["no tab", "id\t{not json", 'id\t{"info":{"version":"1","arch":"x"}}', "id\t[]"];
  writeFileSync(join(folder, key), [lines[0], ...odd, lines[1], ""].join("\n"));
  return key;
}

/** One of the blocks again, under a name of its own. */
export function placeBlock(folder: string, key: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(folder, key)), { recursive: true });
  writeFileSync(join(folder, key), bytes);
}
