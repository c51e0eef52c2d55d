/** How fast blocks of each codec are decoded, by the CPU time of a process that does nothing else; beside the command-line tool. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { costOf, paired } from "./measure.ts";
import { makeSample } from "./sample.ts";
import type { Bench, Row, Setup } from "./types.ts";

/** The same files so many times over: starting a process is to be a small part of it. */
const passes: Readonly<Record<string, number>> = { lzma: 4, xz: 4, gz: 12, zst: 16 };

const tools: Readonly<Record<string, readonly string[]>> = {
  lzma: ["xz", "--format=lzma", "-dc"],
  xz: ["xz", "-dc"],
  gz: ["gzip", "-dc"],
  zst: ["zstd", "-dcq"],
};

const child = fileURLToPath(new URL("decode-child.ts", import.meta.url));

async function* rows({ runs, mb, folder }: Setup): AsyncGenerator<Row> {
  for (const [codec, [file = "", ...args]] of Object.entries(tools)) {
    const sample = await makeSample(join(folder, codec), codec, mb, 4);
    const times = passes[codec] ?? 1;
    const files = Array.from({ length: times }, () => sample.files).flat();
    const ours = async (): Promise<number> =>
      (mb * times) / (await costOf({ file: process.execPath, args: [child, ...files] })).cpu;
    const beside = async (): Promise<number> => (mb * times) / (await costOf({ file, args: [...args, ...files] })).cpu;
    const compared = await paired(runs, ours, beside);
    yield {
      what: `decode .${codec}, raw bytes by CPU second`,
      against: [file, ...args].join(" "),
      unit: "MB/s",
      ...compared,
    };
  }
}

export const decode: Bench = { name: "decode", about: "blocks of each codec, beside its command-line tool", run: rows };
