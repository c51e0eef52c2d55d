/**
 * `spotfold sample`: makes a synthetic telemetry data set of any size with its own definitions, and says how to run on it.
 *
 *   exit 0   all blocks are there        2   a wrong option, or a folder that holds something else
 *   exit 1   disk full, no access        130, 143   interrupted: the same command goes on
 */
import { resolve } from "node:path";
import { callerFolder } from "../../shared/config/environment.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { reportInterrupt } from "../report/failure.ts";
import { sizeText } from "../report/lines.ts";
import { makeSample, type SampleProgress, type SampleResult } from "../sample/make.ts";
import { sampleRequest, type SampleNumbers } from "../sample/options.ts";
import { shownPath } from "../sample/shown-path.ts";

export interface SampleOptions extends SampleNumbers {
  readonly out?: string;
  readonly json?: boolean;
}

export async function sample(options: SampleOptions, io: Io): Promise<number> {
  if (options.out === undefined) {
    throw new SpotfoldError("usage", "--out is missing", {
      hint: "Name the folder to make: spotfold sample --out ./sample.",
    });
  }
  const folder = callerFolder(io.environment);
  const request = sampleRequest(resolve(folder, options.out), options);
  const started = performance.now();
  const progress = new Progress(io.err, () => performance.now());
  let result: SampleResult;
  try {
    result = await makeSample(request, {
      onProgress: (state) => progress.show(progressText(state, started)),
      signal: io.interrupts.first,
    });
  } catch (error) {
    progress.clear();
    if (!io.interrupts.first.aborted) throw error;
    progress.say(`Stopped. What is made stays; to go on: ${commandLine(io, io.words)}`);
    return await reportInterrupt(io, options.json ?? false);
  }
  progress.clear();
  await io.out.write(options.json === true ? jsonOf(result) : resultText(io, result, folder, started));
  return exitCodes.done;
}

function progressText({ blocks, blocksTotal, rawBytes }: SampleProgress, started: number): string {
  const seconds = (performance.now() - started) / 1000;
  const rate = seconds > 0 ? rawBytes / seconds : 0;
  return `${blocks} of ${blocksTotal} blocks, ${sizeText(rawBytes)}, ${sizeText(rate)}/s`;
}

function jsonOf({ data, definitions, made, kept, rawBytes, bytes }: SampleResult): string {
  return `${JSON.stringify({ format: 1, data, definitions, blocks: { made, kept }, rawBytes, bytes })}\n`;
}

function resultText(io: Io, result: SampleResult, folder: string, started: number): string {
  const { made, kept, rawBytes, bytes, paths } = result;
  const data = shownPath(result.data, folder);
  const definitions = shownPath(result.definitions, folder);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const sizes = `${sizeText(rawBytes)} raw, ${sizeText(bytes)} compressed`;
  const said =
    made === 0
      ? `All ${paths.length} blocks are there already.\n`
      : `Made ${made} blocks${kept === 0 ? "" : ` (${kept} were there)`}: ${sizes}, in ${seconds} s.\n`;
  const words = ["run", "histograms", "--data", data, "--definitions", definitions, "--out", "./dashboard"];
  return `${said}  blocks       ${data}\n  definitions  ${definitions}\n\nRun on it:\n  ${commandLine(io, words)}\n`;
}
