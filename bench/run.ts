/**
 * What `spotfold run histograms` costs all told, from listing to published files, in all of its processes: beside decompressing
 * the same blocks with the codec's command-line tool, which is the least that any program does with them.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { costOf, paired, type Cost } from "./measure.ts";
import { makeSample } from "./sample.ts";
import { spotfold } from "./spotfold.ts";
import type { Bench, Row, Setup } from "./types.ts";

const tools: Readonly<Record<string, readonly string[]>> = {
  lzma: ["xz", "--format=lzma", "-dc"],
  zst: ["zstd", "-dcq"],
};

/** Blocks of a few megabytes each, as the original's were. */
const blockMb = 8;

async function* rows({ runs, mb, folder }: Setup): AsyncGenerator<Row> {
  for (const [codec, [file = "", ...args]] of Object.entries(tools)) {
    const blocks = Math.max(2, Math.round(mb / blockMb));
    const sample = await makeSample(join(folder, codec), codec, mb, blocks);
    const work = join(folder, "work");
    const run = async (): Promise<Cost> => {
      rmSync(work, { recursive: true, force: true });
      const places = ["store", "queue", "catalog", "work"].flatMap((name) => [`--${name}`, join(work, name)]);
      const from = ["--data", sample.blocks, "--definitions", sample.definitions, "--out", join(work, "site")];
      return await costOf(spotfold(["run", "histograms", ...from, "--slots", "1", ...places], folder));
    };
    const tool = async (): Promise<Cost> => await costOf({ file, args: [...args, ...sample.files] });
    for (const unit of ["cpu", "wall"] as const) {
      const compared = await paired(
        runs,
        async () => (await run())[unit],
        async () => (await tool())[unit],
      );
      const what = `run histograms over ${mb} MB of .${codec}, one slot, ${unit === "cpu" ? "CPU" : "wall time"}`;
      yield { what, against: [file, ...args].join(" "), unit: "s", ...compared };
    }
  }
}

export const run: Bench = {
  name: "run",
  about: "`spotfold run histograms`, beside decompressing the same blocks",
  run: rows,
};
