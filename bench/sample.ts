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

/** Blocks that are there already, all of one of these codecs; with the sample's definitions, which are made in `folder`. Throws when they are not. */
export async function givenBlocks(
  root: string,
  codecs: readonly string[],
  folder: string,
): Promise<{ readonly codec: string; readonly sample: Sample }> {
  const files = filesIn(root);
  const codec = codecs.find((name) => files.length > 0 && files.every((file) => file.endsWith(`.${name}`)));
  if (codec === undefined) throw new Error(`${root}: all of its files must end in one of .${codecs.join(", .")}`);
  const { definitions } = await makeSample(join(folder, codec), codec, 1, 1);
  return { codec, sample: { blocks: root, definitions, files } };
}

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
