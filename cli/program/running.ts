/** Commands that run an analysis, or store one to be run. */
import type { Command } from "commander";
import { analysisText, command, repeated, requestFlags, storeFlags, wholeNumber, type Act } from "./flags.ts";

const planText = "say what it would admit, and what is left out and why; store nothing";
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
  requestFlags(submit)
    .option("--wait", "look on until everything selected is settled")
    .option("--plan", planText)
    .option("--json", jsonText);
  storeFlags(submit).action(
    async (analysis: string, options: object) =>
      await act(async (io) => await (await import("../commands/submit.ts")).submit(analysis, options, io)),
  );

  const retry = command(program, "retry", "store a run over the missing blocks of an aggregate, and nothing else", [
    "spotfold retry dashboard --plan",
    "spotfold retry dashboard --reason corrupt,timeout --where submission_date=20260101..20260131",
    "spotfold retry 20260101-120000-0a1b2c3d",
  ])
    .argument("<name>", "an aggregate, or a run: then only what that run selects")
    .option("--reason <reasons>", "only blocks that are missing by these, with commas between them (default: all)")
    .option("--dataset <name>", "only blocks of this dataset; needed where several have missing ones")
    .option("--where <dimension=values>", "only these: a=x,y or a=min..max; may be repeated", repeated)
    .option("--plan", planText)
    .option("--json", jsonText);
  storeFlags(retry).action(
    async (name: string, options: object) =>
      await act(async (io) => await (await import("../commands/retry.ts")).retry(name, options, io)),
  );
}
