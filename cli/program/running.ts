/** Commands that run an analysis, or store one to be run. */
import type { Command } from "commander";
import { analysisText, command, requestFlags, storeFlags, wholeNumber, type Act } from "./flags.ts";

const jsonText = "print one JSON object as the last and only line on stdout";

export function addRunning(program: Command, act: Act): void {
  command(program, "demo", "a sample dataset, histograms of it, and what comes out, in ./spotfold-demo/", [
    "spotfold demo",
  ]).action(async () => await act(async (io) => await (await import("../commands/demo.ts")).demo(io)));

  const run = command(program, "run", "run an analysis over a dataset, everything in one command", [
    "spotfold run histograms --data ./pings --out ./site",
    "spotfold run counts --by 'appUpdateChannel,$.info.OS' --data ./pings --last 7d",
    "spotfold run ./my-analysis.ts --data ./logs --layout 'dt={date:yyyy-MM-dd}/' --where date=20260101..20260131",
  ]).argument("<analysis>", analysisText);
  requestFlags(run)
    .option("--out <folder>", "publish into this folder itself (default: .spotfold/web/<aggregate>/)")
    .option("--slots <n>", "how many jobs run at once (default: one for each core)", wholeNumber)
    .option("--json", jsonText)
    .option("--check", "bundle and try the analysis, and store nothing");
  storeFlags(run).action(
    async (analysis: string, options: object) =>
      await act(async (io) => await (await import("../commands/run.ts")).run(analysis, options, io)),
  );

  const submit = command(program, "submit", "store a run; a master and workers do the work", [
    "spotfold submit histograms --data pings --into dashboard --last 7d",
    "spotfold submit ./my-analysis.ts --data ./logs --wait",
  ]).argument("<analysis>", analysisText);
  requestFlags(submit).option("--wait", "look on until everything selected is settled").option("--json", jsonText);
  storeFlags(submit).action(
    async (analysis: string, options: object) =>
      await act(async (io) => await (await import("../commands/submit.ts")).submit(analysis, options, io)),
  );
}
