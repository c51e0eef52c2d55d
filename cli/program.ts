/** The commands, their flags and their help. What a command does is loaded when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SHIPPED_ANALYSES } from "../jobs/shipped.ts";
import { packageRoot } from "../shared/package-root.ts";
import { exitCodeTable } from "./exit-codes.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => Promise<number>;

const analyses = [...SHIPPED_ANALYSES.keys()].join(", ");

export function createProgram(io: Io, ended: (code: number) => void): Command {
  const program = new Command("spotfold");
  program
    .description(
      "Runs your analysis over folders of compressed logs; every block is counted exactly once, or listed as missing.",
    )
    .version(versionOfPackage(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .showSuggestionAfterError(true)
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "spotfold: ")),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", epilogue());
  const act = async (action: Action): Promise<void> => ended(await action(io));
  addRunCommands(program, act);
  addSubmit(program, act);
  addLookingCommands(program, act);
  addDaemonCommands(program, act);
  return program;
}

type Act = (action: Action) => Promise<void>;

function addRunCommands(program: Command, act: Act): void {
  const run = command(program, "run", "run an analysis over a dataset, everything in one command", [
    "spotfold run histograms --data ./pings --out ./site",
    "spotfold run counts --by 'appUpdateChannel,$.info.OS' --data ./pings --last 7d",
    "spotfold run ./my-analysis.ts --data ./logs --layout 'dt={date:yyyy-MM-dd}/' --where date=20260101..20260131",
  ]).argument("<analysis>", `${analyses}, or the path of your module`);
  requestFlags(run)
    .option("--out <folder>", "publish into this folder itself (default: .spotfold/web/<aggregate>/)")
    .option("--slots <n>", "how many jobs run at once (default: one for each core)", wholeNumber)
    .option("--json", "print one JSON object as the last and only line on stdout")
    .option("--check", "bundle and try the analysis, and store nothing");
  storeFlags(run).action(
    async (analysis: string, options: object) =>
      await act(async (io) => await (await import("./commands/run.ts")).run(analysis, options, io)),
  );
}

function addSubmit(program: Command, act: Act): void {
  const submit = command(program, "submit", "store a run; a master and workers do the work", [
    "spotfold submit histograms --data pings --into dashboard --last 7d",
    "spotfold submit ./my-analysis.ts --data ./logs --wait",
  ]).argument("<analysis>", `${analyses}, or the path of your module`);
  requestFlags(submit)
    .option("--wait", "look on until everything selected is settled")
    .option("--json", "print one JSON object as the last and only line on stdout");
  storeFlags(submit).action(
    async (analysis: string, options: object) =>
      await act(async (io) => await (await import("./commands/submit.ts")).submit(analysis, options, io)),
  );
}

function addLookingCommands(program: Command, act: Act): void {
  const status = command(program, "status", "what is going on, and why something is not", [
    "spotfold status",
    "spotfold status dashboard --watch",
  ])
    .argument("[name]", "a run or an aggregate (default: all)")
    .option("--watch", "look again every second")
    .option("--json", "print one JSON object");
  storeFlags(status).action(
    async (name: string | undefined, options: object) =>
      await act(async (io) => await (await import("./commands/status.ts")).status(name, options, io)),
  );

  const results = command(program, "results", "print keys and values of an aggregate, in key order", [
    "spotfold results os-distribution-1a2b3c4d",
    "spotfold results dashboard --format csv --prefix nightly,28",
  ])
    .argument("<name>", "an aggregate, or a run that folds into it")
    .addOption(new Option("--format <format>", "how lines look").choices(["ndjson", "csv"]).default("ndjson"))
    .option("--prefix <values>", "only keys whose first columns are these, with commas between them");
  storeFlags(results).action(
    async (name: string, options: object) =>
      await act(async (io) => await (await import("./commands/results.ts")).results(name, options, io)),
  );

  const logs = command(program, "logs", "how attempts ended, and what they rejected and printed", [
    "spotfold logs 20260101-120000-0a1b2c3d",
    "spotfold logs 20260101-120000-0a1b2c3d.0123456789ab/000003",
  ]).argument("<name>", "a run, or a job as <plan>/<job>");
  storeFlags(logs).action(
    async (name: string, options: object) =>
      await act(async (io) => await (await import("./commands/logs.ts")).logs(name, options, io)),
  );

  const cancel = command(program, "cancel", "end a run; what it has covered is kept", [
    "spotfold cancel 20260101-120000-0a1b2c3d",
  ]).argument("<run>", "the run");
  storeFlags(cancel).action(
    async (run: string, options: object) =>
      await act(async (io) => await (await import("./commands/cancel.ts")).cancel(run, options, io)),
  );
}

function addDaemonCommands(program: Command, act: Act): void {
  const master = command(program, "master", "move runs forward until stopped: admit, send, fold, publish, collect", [
    "spotfold master",
    "spotfold master --once",
  ]).option("--once", "do every due thing, and end");
  storeFlags(master).action(
    async (options: object) =>
      await act(async (io) => await (await import("./commands/master.ts")).master(options, io)),
  );

  const worker = command(program, "worker", "lease jobs and execute them until stopped", [
    "spotfold worker",
    "spotfold worker --slots 2 --once",
  ])
    .option("--slots <n>", "how many jobs run at once (default: one for each core)", wholeNumber)
    .option("--once", "do what there is to do, and end")
    .addOption(new Option("--attached", "belongs to the process that started it").hideHelp());
  storeFlags(worker).action(
    async (options: object) =>
      await act(async (io) => await (await import("./commands/worker.ts")).worker(options, io)),
  );
}

function command(program: Command, name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}`);
  return program
    .command(name)
    .description(description)
    .addHelpText("after", `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}`);
}

function requestFlags(into: Command): Command {
  return into
    .requiredOption("--data <place>", "a folder of blocks, or the name of a configured dataset")
    .option("--layout <layout>", "how keys are laid out: telemetry (default for a place), or a pattern")
    .option("--records <format>", "telemetry, ndjson or text (default: by the layout)")
    .option("--where <dimension=values>", "select blocks: a=x,y or a=min..max; may be repeated", repeated)
    .option("--last <days>", "select the last days by the layout's date, as in 7d")
    .option("--filter <file>", "select by a filter document")
    .option("--param <name=value>", "a parameter of the analysis; may be repeated", repeated)
    .option("--by <columns>", "the parameter of counts: dimensions and JSON paths")
    .option("--definitions <path>", "histogram definitions: a file, or a folder of <12 hex>.Histograms.json")
    .option("--into <aggregate>", "fold into the aggregate of this name (default: one for exactly this)")
    .option("--reprocess", "try blocks again that are missing by their content");
}

/** Where things lie; the same for all commands, so described once. */
function storeFlags(into: Command): Command {
  for (const [name, what] of storeFlagTexts) into.addOption(new Option(`--${name} <path>`, what).hideHelp());
  return into;
}

const storeFlagTexts = [
  ["store", "the work store"],
  ["queue", "the queues' file"],
  ["catalog", "the catalog's file"],
  ["web", "the web store"],
  ["work", "scratch files and caches"],
] as const;

function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function wholeNumber(value: string): string {
  if (/^[1-9][0-9]*$/.test(value)) return value;
  throw new InvalidArgumentError("A whole number from 1 is expected.");
}

function epilogue(): string {
  const codes = exitCodeTable.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  const flags = storeFlagTexts.map(([name, what]) => `--${name} (${what})`).join(", ");
  return [
    "",
    "Examples:",
    "  spotfold demo",
    "  spotfold run histograms --data ./pings --out ./site",
    "",
    "Exit codes:",
    ...codes,
    "",
    "Settings: flags, then SPOTFOLD_* variables, then spotfold.config.json, then defaults.",
    "By default all is kept in ./.spotfold/. Every command that needs it takes",
    `${flags}.`,
  ].join("\n");
}

function versionOfPackage(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
