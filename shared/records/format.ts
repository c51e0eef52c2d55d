/**
 * A record format says what a line is. One small module each; `formats` below is the one place where they are listed.
 *
 * All formats so far are lines that end with LF; the last one need not. A format looks at the bytes of a line and sets where
 * the record's content lies in it. Limits, splitting and reuse of memory are the splitter's.
 */
import { SpotfoldError } from "../errors.ts";
import { ndjson } from "./ndjson.ts";
import { telemetry } from "./telemetry.ts";
import { text } from "./text.ts";

/** A line as the splitter found it, and what the format makes of it. One object is reused for all lines. */
export interface Line {
  /** Holds the line, and other data before and behind it. */
  bytes: Buffer;
  /** Where the content begins; the line's begin at first. */
  start: number;
  /** Where the content ends; the line's end (without LF) at first. */
  end: number;
  /** Where the record's id lies; empty at first. */
  idStart: number;
  idEnd: number;
}

/** Why a line is not a record: a counter's name, and a sentence for people. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface RecordFormat {
  readonly name: string;
  /** Sets the bounds in `line`. `"nothing"`: not a record and not counted. Called for each line: makes no objects. */
  locate(line: Line): "record" | "nothing" | Refusal;
  /** The record's fields, where the format delimits some; else its text alone. */
  fields(record: { readonly id: string; text(): string }): readonly string[];
}

const formats: readonly RecordFormat[] = [telemetry, ndjson, text];

export const recordFormatNames: readonly string[] = formats.map((format) => format.name);

/** The format of that name. Throws `invalid-config` with the known names. */
export function recordFormat(name: string): RecordFormat {
  const format = formats.find((format) => format.name === name);
  if (format !== undefined) return format;
  const known = recordFormatNames.join(", ");
  throw new SpotfoldError("invalid-config", `There is no record format ${JSON.stringify(name)}.`, {
    hint: `Known record formats: ${known}.`,
    context: { records: name, known },
  });
}
