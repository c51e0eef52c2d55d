/**
 * Filter documents, as the original's schema and filter files have them:
 *
 *   {"version": 1, "dimensions": [{"field_name": "reason", "allowed_values": ["saved-session"]}, …]}
 *
 * `allowed_values` is "*", one value, a list of values, or {"min", "max"} (inclusive, compared as strings, either may be
 * left out). Items of a list are spelled as keys spell them (`saved-session` selects `saved_session`); a value that stands
 * alone and bounds are taken as they are, as in the original, where a lone "saved-session" selects nothing.
 * Where the original ignored what it did not understand, this refuses it: a filter that selects nothing by mistake helps nobody.
 */
import { checkDimension, invalidFilter, readDate, toUnit } from "./filter-values.ts";
import type { Layout } from "./layout.ts";
import type { Allowed, Filter } from "./types.ts";

const shape = `A filter document is {"version": 1, "dimensions": [{"field_name": NAME, "allowed_values": "*", VALUE, [VALUES] or {"min", "max"}}]}.`;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses the JSON text of a document; `source` names it in errors. Throws `invalid-filter`. */
export function parseDocumentText(layout: Layout, text: string, source: string): Filter {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw invalidFilter(`${source} is no JSON: ${what}`, shape);
  }
  return parseDocument(layout, document, source);
}

export function parseDocument(layout: Layout, document: unknown, source: string): Filter {
  if (!isObject(document) || !Array.isArray(document["dimensions"])) {
    throw invalidFilter(`${source} is no filter document.`, shape);
  }
  if (document["version"] !== 1) {
    throw invalidFilter(`${source} has version ${JSON.stringify(document["version"])}; only 1 is known.`, shape);
  }
  const result = new Map<string, Allowed>();
  for (const [index, entry] of (document["dimensions"] as readonly unknown[]).entries()) {
    const at = `${source}, dimension ${index + 1}`;
    if (!isObject(entry) || typeof entry["field_name"] !== "string")
      throw invalidFilter(`${at} has no field_name.`, shape);
    const name = entry["field_name"];
    checkDimension(layout, name);
    if (result.has(name)) throw invalidFilter(`${at}: ${name} is there twice.`, "Keep one of them.");
    result.set(name, readAllowed(layout, name, entry["allowed_values"], `${at} (${name})`));
  }
  return Object.fromEntries(result);
}

function readAllowed(layout: Layout, name: string, value: unknown, at: string): Allowed {
  const isDateName = name === layout.dateDimension;
  if (value === "*") return "*";
  if (typeof value === "string") return [isDateName ? readDate(layout, value, at) : value];
  if (Array.isArray(value)) {
    return (value as readonly unknown[]).map((item) => {
      if (typeof item !== "string")
        throw invalidFilter(`${at}: ${JSON.stringify(item)} is no string.`, "Put it in quotes.");
      return isDateName ? readDate(layout, item, at) : layout.spell(item);
    });
  }
  if (isObject(value)) return readRange(layout, isDateName, value, at);
  throw invalidFilter(`${at}: allowed_values is ${value === undefined ? "missing" : JSON.stringify(value)}.`, shape);
}

function readRange(layout: Layout, isDateName: boolean, value: Readonly<Record<string, unknown>>, at: string): Allowed {
  const unknown = Object.keys(value).find((key) => key !== "min" && key !== "max");
  if (unknown !== undefined) throw invalidFilter(`${at}: ${JSON.stringify(unknown)} is neither min nor max.`, shape);
  const bound = (which: "min" | "max"): string | undefined => {
    const text = value[which];
    if (text === undefined) return undefined;
    if (typeof text !== "string") throw invalidFilter(`${at}: ${which} is no string.`, "Put it in quotes.");
    if (!isDateName) return text;
    // Only compared: documents say 20131031 or 99999999 alike, so the day need not exist.
    if (/^[0-9]{8}$/.test(text)) return toUnit(layout, text);
    return readDate(layout, text, at);
  };
  const [min, max] = [bound("min"), bound("max")];
  if (min === undefined && max === undefined) return "*";
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
