/** What commands have in common: their help with examples, the flags of a request, and where things lie. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { SHIPPED_ANALYSES } from "../../jobs/shipped.ts";
import type { Io } from "../io.ts";

/** Runs a command that was chosen, and keeps its exit code. */
export type Act = (action: (io: Io) => Promise<number>) => Promise<void>;

export const analysisText =
  `${[...SHIPPED_ANALYSES.keys()].join(", ")}, the path of your module, ` +
  "or bundle:<digits> of one in the store (see spotfold bundles)";

export function command(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}`);
  return parent
    .command(name)
    .description(description)
    .addHelpText("after", `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}`);
}

/** Which blocks. None is mandatory here, so that a typo in a flag is told before the flag that it left out. */
export function dataFlags(into: Command): Command {
  return into
    .option("--data <place>", "a folder of blocks, s3://bucket/prefix, or the name of a configured dataset")
    .option("--layout <layout>", "how keys are laid out: telemetry (default for a place), or a pattern")
    .option("--records <format>", "telemetry, ndjson or text (default: by the layout)")
    .option("--where <dimension=values>", "select blocks: a=x,y or a=min..max; may be repeated", repeated)
    .option("--last <days>", "select the last days by the layout's date, as in 7d")
    .option("--filter <file>", "select by a filter document");
}

/** What is run over which blocks, into what. */
export function requestFlags(into: Command): Command {
  return dataFlags(into)
    .option("--param <name=value>", "a parameter of the analysis; may be repeated", repeated)
    .option("--by <columns>", "the parameter of counts: dimensions and JSON paths")
    .option("--definitions <path>", "histogram definitions: a file, or a folder of <12 hex>.Histograms.json")
    .option("--inputs-of <run>", "side files as that run has them, from the store")
    .option("--into <aggregate>", "fold into the aggregate of this name (default: one for exactly this)")
    .option("--reprocess", "try blocks again that are missing by their content");
}

export const storeFlagTexts = [
  ["store", "the work store: a folder, or s3://bucket/prefix"],
  ["queue", "the queues: a file, sqs://name, or a queue's URL"],
  ["catalog", "the catalog's file"],
  ["web", "the web store: a folder, or s3://bucket/prefix"],
  ["work", "scratch files and caches"],
] as const;

/** Where things lie: the same for all commands, so described once, in the program's own help. */
export function storeFlags(into: Command): Command {
  for (const [name, what] of storeFlagTexts) into.addOption(new Option(`--${name} <place>`, what).hideHelp());
  return into;
}

export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

export function wholeNumber(value: string): string {
  if (/^[1-9][0-9]*$/.test(value)) return value;
  throw new InvalidArgumentError("A whole number from 1 is expected.");
}
