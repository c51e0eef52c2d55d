/** Blocks to work on, made by the sample generator that ships: converted telemetry pings of about 37 KB. */
import { mkdirSync, readdirSync } from "node:fs";
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
  mkdirSync(folder, { recursive: true });
  const args = ["sample", "--out", folder, "--mb", String(mb), "--blocks", String(blocks), "--codecs", codec];
  await costOf(spotfold(args));
  const root = join(folder, "blocks");
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return { blocks: root, definitions: join(folder, "definitions/Histograms.json"), files: files.toSorted() };
}
