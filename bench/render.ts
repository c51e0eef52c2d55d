/**
 * What publishing an aggregate costs: a run that has nothing to do but to render into an empty folder, starts of all processes
 * included, beside a process that writes as many files of the same sizes, synced together, the pointer last.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { costOf, paired } from "./measure.ts";
import { makeSample } from "./sample.ts";
import { spotfold } from "./spotfold.ts";
import type { Bench, Row, Setup } from "./types.ts";

const child = fileURLToPath(new URL("render-child.ts", import.meta.url));

/** Raw megabytes of a block. */
const blockMb = 8;

function publishedFiles(site: string): { readonly files: number; readonly mb: number } {
  const files = readdirSync(site, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return { files: files.length, mb: bytes / 1e6 };
}

async function* rows({ runs, mb, folder }: Setup): AsyncGenerator<Row> {
  const sample = await makeSample(join(folder, "sample"), "zst", mb, Math.max(2, Math.round(mb / blockMb)));
  const places = ["store", "queue", "catalog", "work"].flatMap((name) => [`--${name}`, join(folder, name)]);
  const from = ["--data", sample.blocks, "--definitions", sample.definitions, ...places, "--slots", "1"];
  // None is removed meanwhile: some file systems look through what was deleted a moment ago for each file that is made.
  let sites = 0;
  const fresh = (): string => join(folder, `site-${++sites}`);
  const publish = async (site: string): Promise<number> =>
    (await costOf(spotfold(["run", "histograms", ...from, "--out", site], folder))).cpu;
  const first = fresh();
  await publish(first);
  const published = publishedFiles(first);
  const files = published.files.toLocaleString("en");
  yield {
    what: `render and publish ${Math.round(published.mb)} MB in ${files} files, published bytes by CPU second`,
    against: "writing these files, synced together",
    unit: "MB/s",
    ...(await paired(
      runs,
      async () => published.mb / (await publish(fresh())),
      async () => published.mb / (await costOf({ file: process.execPath, args: [child, first, fresh()] })).cpu,
    )),
  };
}

export const render: Bench = {
  name: "render",
  about: "rendering and publishing an aggregate, beside writing its files",
  run: rows,
};
