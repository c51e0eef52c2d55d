/** What a command that runs an analysis says at the end: for people, and as the one object of `--json`. */
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { inCallersWords } from "../caller-command.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import type { SelectionReport } from "../run/selection.ts";
import { visibleLine } from "../visible.ts";
import { counted, countText, timeText } from "./lines.ts";

/** Missing blocks that are listed; the rest is counted. */
const missingShownMax = 20;

export interface RunResult {
  /** Null when nothing had to be submitted and none is open. */
  readonly run: string | null;
  readonly aggregate: string;
  readonly dataset: DatasetSpec;
  readonly report: SelectionReport;
  readonly seconds: number;
  /** Flags with which another command finds the same store: those that this one was given. */
  readonly where: readonly string[];
  /** Where the published files are; null when they were not seen there. */
  readonly published: { readonly folder: string; readonly pointer: string } | null;
}

function jsonOf({ run, aggregate, report, seconds, published }: RunResult): object {
  const { selected, covered, stale, missing, records } = report;
  return {
    format: 1,
    run,
    aggregate,
    blocks: {
      selected,
      covered,
      stale: stale.length,
      missing: missing.map((block) => ({ key: block.key, reason: block.reason, class: block.class })),
    },
    records,
    seconds: Math.round(seconds * 1000) / 1000,
    published: published !== null,
  };
}

export function jsonOfError({ command }: Pick<Io, "command">, error: unknown): object {
  const code = error instanceof SpotfoldError ? error.code : "internal";
  const given = error instanceof SpotfoldError ? error.hint : undefined;
  const hint = given === undefined ? null : inCallersWords(given, command);
  return { format: 1, error: { code, message: messageOf(error), hint } };
}

/** Nothing was covered because no record of any block was accepted: the analysis does not fit the data. */
function nothingAccepted({ selected, missing }: SelectionReport): string | null {
  const all = selected > 0 && missing.length === selected;
  if (!all || missing.some(({ reason }) => reason !== "no-record-accepted")) return null;
  return missing[0]?.detail ?? "";
}

function textOf(io: Io, result: RunResult): string {
  const { aggregate, dataset, report, seconds, published, where } = result;
  const { selected, covered, stale, missing, records } = report;
  const lines = [
    `${aggregate}: ${countText(covered)} of ${counted(selected, "block")} of ${dataset.name} covered` +
      `${missing.length === 0 ? "" : `, ${countText(missing.length)} missing`}, in ${timeText(seconds * 1000)}`,
    `  records    ${countText(records.read)} read${rejectedText(records.rejected)}`,
    ...missingLines(result, missing),
  ];
  if (stale.length > 0) {
    lines.push(
      `  stale      ${counted(stale.length, "block was", "blocks were")} replaced after being counted; not added:`,
    );
    for (const key of stale.slice(0, missingShownMax)) lines.push(`    ${visibleLine(key)}`);
  }
  if (published !== null)
    lines.push(`  published  ${published.folder} (begin with ${published.pointer} and coverage.json)`);
  lines.push(`  results    ${commandLine(io, ["results", aggregate, "--format", "ndjson", ...where])}`);
  return `${lines.join("\n")}\n`;
}

function rejectedText(rejected: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(rejected);
  if (reasons.length === 0) return ", none rejected";
  const all = reasons.reduce((sum, [, count]) => sum + count, 0);
  return `, ${countText(all)} of them rejected: ${reasons.map(([reason, count]) => `${reason} ${countText(count)}`).join(", ")}`;
}

function missingLines(result: RunResult, missing: SelectionReport["missing"]): string[] {
  if (missing.length === 0) return [];
  const lines = [`  missing    ${counted(missing.length, "block")}:`];
  for (const { key, reason, detail } of missing.slice(0, missingShownMax)) {
    lines.push(`    ${visibleLine(key)}: ${reason}${detail === "" ? "" : ` (${visibleLine(detail)})`}`);
  }
  if (missing.length > missingShownMax) {
    const where = result.published === null ? "coverage.json" : `${result.published.folder}/coverage.json`;
    lines.push(`    and ${countText(missing.length - missingShownMax)} more, all of them in ${where}`);
  }
  return lines;
}

/** A run that was ended early gave blocks back: nobody works on them, and nothing says of them that they are missing. */
function refuseUntried(io: Io, { selected, untried }: SelectionReport): void {
  if (untried === 0) return;
  throw new SpotfoldError(
    "changed",
    `${countText(untried)} of ${counted(selected, "block")} are neither covered nor missing: a run was cancelled or ` +
      "past its deadline, or blocks came meanwhile",
    { hint: `To go on: ${commandLine(io, io.words)}` },
  );
}

/**
 * Ends a command that waited for its selection: the result on stdout, and the exit code. Throws when nothing was accepted, or
 * something was not even tried.
 */
export async function writeResult(io: Io, json: boolean, result: RunResult): Promise<ExitCode> {
  if (!json) await io.out.write(textOf(io, result));
  refuseUntried(io, result.report);
  const refused = nothingAccepted(result.report);
  if (refused !== null) {
    throw new SpotfoldError("analysis-failed", `no record of any block was accepted; the first error: ${refused}`, {
      hint: "Does the analysis fit this data, and --records and --layout, too?",
    });
  }
  if (json) await io.out.write(`${JSON.stringify(jsonOf(result))}\n`);
  return result.report.missing.length > 0 ? exitCodes.missing : exitCodes.done;
}
