/**
 * Entries as lines of text, finished: `{"key": ["WINNT"], "value": 3}` or CSV (RFC 4180: the key's columns, then `value`;
 * values that are no text or number as JSON). One line at a time; memory does not grow with the number of entries.
 */
import type { Key } from "../../jobs/analysis.ts";
import { encodeValue } from "../../shared/segment/value.ts";
import type { Entries } from "./entries.ts";
import type { LoadedAnalysis } from "./load.ts";
import { failedAt } from "./merge.ts";

export type ResultsFormat = "ndjson" | "csv";

/** Lines are handed on in pieces of about this size, bytes. */
const pieceBytes = 64 * 1024;

/** Gives all lines to `put`, in pieces, and to `each` what each is of, as stored. Throws `analysis-failed` naming the key when `finish` or `decode` throws. */
export function writeResults(
  entries: Entries,
  loaded: LoadedAnalysis,
  format: ResultsFormat,
  put: (bytes: Uint8Array) => void,
  each: (key: Key, value: unknown) => void = () => {},
): void {
  let text = format === "csv" ? csvLine([...loaded.description.key, "value"]) : "";
  const flush = (): void => {
    if (text !== "") put(Buffer.from(text));
    text = "";
  };
  const { analysis } = loaded;
  try {
    for (const [key, value] of entries) {
      each(key, value);
      const finished = analysis.finish === undefined ? value : analysis.finish(key, value);
      text += format === "csv" ? csvLine([...key, csvValue(finished)]) : ndjsonLine(key, finished);
      if (text.length >= pieceBytes) flush();
    }
  } catch (error) {
    throw failedAt("finish", entries.inHand, error);
  }
  flush();
}

/** Results are read by people and foreign programs: a double is a double, however large. */
function json(value: unknown): string {
  return encodeValue(value, { largeIntegers: "keep" });
}

function ndjsonLine(key: Key, value: unknown): string {
  return `{"key": ${JSON.stringify(key)}, "value": ${json(value)}}\n`;
}

function csvValue(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "" : json(value);
}

function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;
}
