/**
 * Reading and writing of the small JSON records. Every one begins with `format: n`. A record of a format that this version
 * does not know is left where it is and said so: a newer version may be at work beside us.
 */
import * as v from "valibot";
import { codeOf, SpotfoldError } from "../errors.ts";

/** A record was written by a version that we do not know. */
export class UnknownFormat extends SpotfoldError {
  /** The number that the record begins with; undefined where there is none. */
  readonly format: unknown;

  constructor(what: string, format: unknown) {
    super(
      "invalid-format",
      `${what} has format ${JSON.stringify(format)}, which this version of Spotfold does not know`,
      {
        hint: "It was probably written by a newer version: update this one.",
        context: { record: what },
      },
    );
    this.name = "UnknownFormat";
    this.format = format;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

export function encodeStored(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

/** Parses and checks a record. `what` names it in errors, e.g. its key. */
export function parseStored<const Schema extends v.GenericSchema>(
  what: string,
  bytes: Uint8Array | string,
  schema: Schema,
  formats: readonly number[] = [1],
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(typeof bytes === "string" ? bytes : decoder.decode(bytes));
  } catch (error) {
    throw new SpotfoldError("invalid-format", `${what} is not JSON`, { cause: error });
  }
  if (typeof value !== "object" || value === null) {
    throw new SpotfoldError("invalid-format", `${what} is not a JSON object`);
  }
  const found = "format" in value ? value.format : undefined;
  if (!formats.some((format) => format === found)) throw new UnknownFormat(what, found);
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new SpotfoldError("invalid-format", `${what}: ${v.getDotPath(issue) ?? "record"}: ${issue.message}`);
}

/** The same, and null for what cannot be read: a newer version's record, mostly, that says nothing to this one. */
export function parseIfKnown<const Schema extends v.GenericSchema>(
  what: string,
  bytes: Uint8Array | string,
  schema: Schema,
  formats: readonly number[] = [1],
): v.InferOutput<Schema> | null {
  try {
    return parseStored(what, bytes, schema, formats);
  } catch (error) {
    if (codeOf(error) === "invalid-format") return null;
    throw error;
  }
}
