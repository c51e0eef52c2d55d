/** Blocks to work on, made by the sample generator that ships: converted telemetry pings of about 37 KB. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { costOf } from "./measure.ts";
import { spotfold } from "./spotfold.ts";

export interface Sample {
  readonly blocks: string;
  readonly definitions: string;
  /** Absolute, in order. */
  readonly files: readonly string[];
}

/** Blocks of this many raw megabytes, all of one codec; the same each time. */
export async function makeSample(folder: string, codec: string, mb: number, blocks: number): Promise<Sample> {
  const args = ["sample", "--out", folder, "--mb", String(mb), "--blocks", String(blocks), "--codecs", codec];
  await costOf(spotfold(args));
  const root = join(folder, "blocks");
  return { blocks: root, definitions: join(folder, "definitions/Histograms.json"), files: filesIn(root) };
}

/** Blocks that are there already, all of this codec; with the sample's definitions, which are made in `folder`. */
export async function givenBlocks(root: string, codec: string, folder: string): Promise<Sample> {
  const { definitions } = await makeSample(folder, codec, 1, 1);
  return { blocks: root, definitions, files: filesIn(root) };
}

/** The one of these codecs that all files of a folder have. Throws when there is none. */
export function codecOfAll(root: string, codecs: readonly string[]): string {
  const files = filesIn(root);
  const codec = codecs.find((name) => files.length > 0 && files.every((file) => file.endsWith(`.${name}`)));
  if (codec === undefined) throw new Error(`${root}: all of its files must end in one of .${codecs.join(", .")}`);
  return codec;
}

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
