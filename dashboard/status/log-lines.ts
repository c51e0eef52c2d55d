/**
 * An attempt's log as lines for people. It is lines of JSON: rejected records with their place, and what the analysis printed, which may
 * hold anything: colours of a terminal are left out, every other control character is shown instead of obeyed. Pure.
 */
import { visibleInLog } from "./visible-names.ts";

/** What a terminal takes for colours and moves of its cursor: ESC [ … and a letter. */
const sequences = new RegExp(`${String.fromCodePoint(0x1b)}\\[[0-?]*[ -/]*[@-~]`, "g");
const tab = "    ";

/** What was printed, as it can be shown: line ends stay. Each expression takes time by the length and no more: logs have 16 KiB. */
export function plainText(text: string): string {
  return text
    .replaceAll(sequences, "")
    .replaceAll(/(?<!\r)\r+(?:\n|$)/g, "\n")
    .replaceAll("\t", tab)
    .split(/[\r\n]/)
    .map(visibleInLog)
    .join("\n")
    .replace(/(?<!\n)\n+$/, "");
}

/** How a printed line may begin: a time of ISO 8601, in brackets or not. */
const timed = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?[ :]*(.*)$/s;

/** One below the other, with what follows a time aligned where times have several lengths. */
export function logLines(log: string): readonly string[] {
  const lines = log
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => plainText(told(line)).split("\n"));
  const found = lines.map((line) => timed.exec(line));
  const width = found.reduce((most, match) => Math.max(most, match?.[1]?.length ?? 0), 0);
  return lines.map((line, index) => {
    const [, time = "", rest = ""] = found[index] ?? [];
    return time === "" ? line : `${time.padEnd(width)}  ${rest}`;
  });
}

/** A line that is no JSON, for instance since the log was cut in it, is told as it is. */
function told(line: string): string {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== "object" || entry === null) return line;
  const { printed, rejected, block, ordinal, offset, message } = entry as Readonly<Record<string, unknown>>;
  if (typeof printed === "string") return printed;
  if (typeof rejected !== "string") return line;
  const why = typeof message === "string" ? `: ${message}` : "";
  return `rejected ${rejected}: record ${String(ordinal)} at byte ${String(offset)} of ${String(block)}${why}`;
}
