/**
 * `spotfold demo`: a sample dataset with one block damaged on purpose, the histogram analysis on all cores, what comes out.
 * Everything is kept in ./spotfold-demo/, so a second call has nothing to do. Ends with 0 when exactly that block is missing.
 */
import { relative, resolve } from "node:path";
import { callerFolder } from "../../shared/config/environment.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { StoreOptions } from "../compose/settings.ts";
import { readShares, sharesText } from "../demo/shares.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { counted, countText, sizeText, timeText } from "../report/lines.ts";
import { reportingFailures } from "../report/failure.ts";
import type { RunResult } from "../report/result.ts";
import { executeRun } from "../run/execute.ts";
import { damageBlock } from "../sample/damage.ts";
import { makeSample, type SampleResult } from "../sample/make.ts";
import { sampleRequest } from "../sample/options.ts";
import { shownPath } from "../sample/shown-path.ts";
import { visibleLine } from "../visible.ts";
import { serve } from "./serve.ts";

const demoFolder = "spotfold-demo";

/** At least 200 MB raw, in at least 60 blocks, of all codecs; fewer of those that take long to write. */
const sampleNumbers = { mb: 202, blocks: 60, seed: 1, codecs: "zst,xz,zst,gz,zst,lzma,zst,zst" } as const;

/** An `.xz` in the middle, whose damage shows before its end. */
const damagedBlock = 25;

export async function demo(io: Io): Promise<number> {
  return await reportingFailures(io, false, async () => {
    const startedAt = performance.now();
    const folder = callerFolder(io.environment);
    const own = resolve(folder, demoFolder);
    const made = await makeData(own, io);
    if (made === null) return io.interrupts.exitCode();
    const { sample, damaged } = made;
    const stores = storesIn(own);
    const site = resolve(own, "site");
    const options = { ...stores, data: sample.data, definitions: sample.definitions, out: site };
    const outcome = await executeRun("histograms", options, io);
    if ("code" in outcome) return outcome.code;
    const { result } = outcome;
    await io.out.write(`\n${coveredText(result, damaged)}\n${sharesText(await readShares(site))}\n`);
    await io.out.write(whereText(io, result, shownPath(site, folder), shownPath(own, folder)));
    await io.out.write(`The whole demo took ${timeText(performance.now() - startedAt)}.\n`);
    const missing = result.report.missing.map(({ key }) => key);
    if (missing.length !== 1 || missing[0] !== damaged) {
      throw new SpotfoldError(
        "internal",
        `only ${damaged} should be missing, and missing are: ${missing.join(", ") || "none"}`,
      );
    }
    return io.out.isTerminal ? await serve(site, { ...stores, port: 0 }, io) : exitCodes.done;
  });
}

/** Null when it was interrupted. */
async function makeData(own: string, io: Io): Promise<{ sample: SampleResult; damaged: string } | null> {
  const progress = new Progress(io.err, () => performance.now());
  const startedAt = performance.now();
  try {
    const sample = await makeSample(sampleRequest(resolve(own, "sample"), sampleNumbers), {
      onProgress: ({ blocks, blocksTotal, rawBytes }) => {
        progress.show(
          `making a sample: ${countText(blocks)} of ${counted(blocksTotal, "block")}, ${sizeText(rawBytes)}`,
        );
      },
      signal: io.interrupts.first,
    });
    const path = sample.paths[damagedBlock] ?? "";
    await damageBlock(path);
    const what =
      sample.made === 0
        ? `the sample is there: ${counted(sample.kept, "block")}`
        : `made a sample: ${counted(sample.paths.length, "block")}, ${sizeText(sample.rawBytes)} raw, ` +
          `${sizeText(sample.bytes)} compressed, in ${timeText(performance.now() - startedAt)}`;
    progress.say(`${what}; one of them is damaged on purpose`);
    return { sample, damaged: relative(sample.data, path) };
  } catch (error) {
    if (!io.interrupts.first.aborted) throw error;
    progress.say(`stopped; to go on: ${commandLine(io, io.words)}`);
    return null;
  } finally {
    progress.clear();
  }
}

function storesIn(own: string): Required<StoreOptions> {
  return {
    store: resolve(own, "store"),
    queue: resolve(own, "queue.db"),
    catalog: resolve(own, "catalog.db"),
    web: resolve(own, "web"),
    work: resolve(own, "work"),
  };
}

function coveredText({ report }: RunResult, damaged: string): string {
  const { selected, covered, missing, records } = report;
  const lines = [
    `${countText(covered)} of ${counted(selected, "block")} covered, ${countText(records.read)} records read.`,
    ...missing.map(
      ({ key, reason, detail }) =>
        `Missing: ${visibleLine(key)}\n  ${reason}${detail === "" ? "" : ` (${visibleLine(detail)})`}${key === damaged ? ": the one that was damaged on purpose" : ""}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function whereText(io: Io, { aggregate }: RunResult, site: string, own: string): string {
  const results = commandLine(io, ["results", aggregate, "--store", `${own}/store`, "--work", `${own}/work`]);
  return [
    "Where to look:",
    `  ${commandLine(io, ["serve", site])}`,
    "    shows the dashboard, on this machine alone, until Ctrl-C; its files are beside the data in there:",
    `  ${site}/versions.json   which folder each version has; in it, one file for each measure and kind of date`,
    `  ${site}/coverage.json   which blocks are in it, which are missing, and why`,
    `  ${results}`,
    "",
  ].join("\n");
}
