/** What faults over S3 and SQS are measured by: a small mixed dataset, and what one process on a folder publishes of it. */
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";
import { writeDataset } from "./cloud.ts";
import { makeMixed, smallSource } from "./data.ts";
import { readPublished, type Published } from "./published.ts";
import { Site } from "./site.ts";

export interface UndisturbedInput {
  /** Of the temporary folder. */
  readonly name: string;
  /** In each codec. */
  readonly blocks: number;
  /** In each block. */
  readonly records: number;
  readonly seed: number;
  /** `run`'s arguments, without `--into`. */
  readonly request: readonly string[];
}

export interface Undisturbed {
  /** Of the blocks. */
  readonly folder: string;
  /** In all. */
  readonly blocks: number;
  readonly expected: Published;
}

/** Into the aggregate `dashboard`. */
export async function undisturbed({ name, blocks, records, seed, request }: UndisturbedInput): Promise<Undisturbed> {
  const root = tempDir(name);
  const folder = join(root, "blocks");
  const keys = makeMixed({ folder, blocks, records, seed, source: smallSource(root) });
  writeDataset(root, folder);
  await new Site(root).runWhole([...request, "--into", "dashboard"]);
  return { folder, blocks: keys.length, expected: readPublished(join(root, ".spotfold/web/dashboard")) };
}
