/**
 * What `npm run bench` says of a row: a line of a table for people, and an object for scripts (`--json`). A target is met or
 * missed by the median of the pairs: that is what is comparable between days.
 */
import type { Row } from "./types.ts";

/** By how much the row's target is missed, as a share of it; 0 when it is met, null when there is none. */
export function missedBy({ target, ours, ratio }: Row): number | null {
  if (target === undefined) return null;
  const reached = target.of === "ours" ? ours : ratio.median;
  const over = target.most === undefined ? 0 : reached / target.most - 1;
  const under = target.least === undefined ? 0 : 1 - reached / target.least;
  const missed = Math.max(0, over, under);
  // What was not measured was not met.
  return Number.isNaN(missed) ? 1 : missed;
}

function shown(number: number): string {
  return number >= 100 ? Math.round(number).toLocaleString("en") : number.toPrecision(3);
}

function amount(number: number, unit: string): string {
  return Number.isNaN(number) ? "" : `${shown(number)} ${unit}`;
}

/** `at most 1.6: met`; empty without a target. */
function targetText(row: Row): string {
  const { target, unit } = row;
  const missed = missedBy(row);
  if (target === undefined || missed === null) return "";
  const suffix = target.of === "ours" ? ` ${unit}` : "";
  const bounds = [
    ...(target.most === undefined ? [] : [`at most ${target.most.toLocaleString("en")}${suffix}`]),
    ...(target.least === undefined ? [] : [`at least ${target.least.toLocaleString("en")}${suffix}`]),
  ];
  // Rounded up: "missed by 0 %" would be no answer.
  return `${bounds.join(", ")}: ${missed === 0 ? "met" : `missed by ${Math.ceil(missed * 100)} %`}`;
}

export const tableHead = "| what | spotfold | beside it | ratio (least to most) | target |\n|---|---|---|---|---|";

/** A row of the table. `beside: NaN`: there is nothing that it could be compared with. */
export function lineOf(row: Row): string {
  const { what, against, unit, ours, beside, ratio } = row;
  const plain = Number.isNaN(beside) ? "" : `${amount(beside, unit)} (${against})`;
  const spread = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`;
  const compared = Number.isNaN(ratio.median) ? "" : `**${ratio.median.toFixed(2)}** (${spread})`;
  return `${["", what, amount(ours, unit), plain, compared, targetText(row)].join(" | ").trimStart()} |`;
}

/** Where and when the rows were measured. */
export interface Conditions {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  /** Pairs of runs. */
  readonly runs: number;
  readonly mb: number;
}

/** For `--json`: the conditions, and each row with the name of its benchmark and by how much it missed its target. */
export function jsonOf(conditions: Conditions, rows: readonly (Row & { readonly bench: string })[]): string {
  const withTargets = rows.map((row) => {
    const missed = missedBy(row);
    return { ...row, ...(missed === null ? {} : { missedBy: missed }) };
  });
  return `${JSON.stringify({ ...conditions, rows: withTargets }, null, 1)}\n`;
}
