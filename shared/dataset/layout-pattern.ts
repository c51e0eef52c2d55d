/**
 * Reads the text of a layout, such as `AWSLogs/{account}/elb/{region}/{date:yyyy}/{date:MM}/{date:dd}/{rest}`.
 *
 *   text      any characters but braces stand for themselves
 *   {name}    a dimension: one character or more, no `/` (at the very end of the pattern: all that is left, `/` included)
 *   {name:F}  parts of the one date: F is made of yyyy, MM, dd, HH and of characters other than letters, `/` included
 *
 * A pattern is parsed into pieces, one for each level of folders. All that can be wrong with it is found here, and said
 * with its place in the text.
 */
import { SpotfoldError } from "../errors.ts";
import type { DateToken, Item } from "./layout-segment.ts";

/** Longer than any key that a store holds: nothing could match. */
const patternCharsMax = 1024;
/** Layouts have few dimensions; a bound keeps the catalog's rows small. */
const dimensionsMax = 32;

export interface Pattern {
  /** One for each level; the last is empty when the pattern ends in `/`. */
  readonly pieces: readonly (readonly Item[])[];
  /** In the order of the text; the date once. */
  readonly dimensions: readonly string[];
  readonly dateDimension: string | undefined;
}

const tokens: readonly DateToken[] = ["yyyy", "MM", "dd", "HH"];

function bad(text: string, at: number, what: string, hint: string): SpotfoldError {
  return new SpotfoldError("invalid-config", `Layout ${JSON.stringify(text)}, character ${at + 1}: ${what}.`, {
    hint,
    context: { layout: text, character: at + 1 },
  });
}

export function parsePattern(text: string): Pattern {
  checkText(text);
  const items: Item[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    const literal = text.slice(at, open === -1 ? text.length : open);
    const stray = literal.indexOf("}");
    if (stray !== -1) throw bad(text, at + stray, "a `}` that closes nothing", "Write a dimension as {name}.");
    if (literal !== "") items.push({ kind: "literal", text: literal });
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) throw bad(text, open, "a `{` that is never closed", "Write a dimension as {name}.");
    addPlaceholder(items, text, open, close);
    at = close + 1;
  }
  return { pieces: levels(items), ...names(items, text) };
}

function checkText(text: string): void {
  if (text.length > patternCharsMax) {
    throw new SpotfoldError(
      "invalid-config",
      `A layout has at most ${patternCharsMax} characters, this has ${text.length}.`,
      {
        hint: "No key is that long: shorten the pattern, and end it in / to match all below.",
      },
    );
  }
  if (!text.includes("{") && !text.includes("/")) {
    throw new SpotfoldError("invalid-config", `There is no layout ${JSON.stringify(text)}.`, {
      hint: "Use telemetry, or a pattern with a { or / in it, such as dt={date:yyyy-MM-dd}/ or {rest}.",
      context: { layout: text },
    });
  }
  if (text.startsWith("/")) {
    throw bad(text, 0, "a leading `/`", "Keys are relative to the dataset's place: leave the first / out.");
  }
}

function addPlaceholder(items: Item[], text: string, open: number, close: number): void {
  const inside = text.slice(open + 1, close);
  const colon = inside.indexOf(":");
  const name = colon === -1 ? inside : inside.slice(0, colon);
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw bad(
      text,
      open,
      `${JSON.stringify(name)} is no name for a dimension`,
      "A name is a letter, then up to 62 letters, digits or _.",
    );
  }
  if (colon !== -1) return addDate(items, text, open, name, inside.slice(colon + 1));
  if (items.at(-1)?.kind === "free") {
    throw bad(
      text,
      open,
      `nothing tells where {${name}} begins`,
      "Put a character between two dimensions, or make them one.",
    );
  }
  if (items.some((item) => item.kind !== "literal" && item.name === name)) {
    throw bad(text, open, `the dimension ${name} is there twice`, "Give the second one another name.");
  }
  items.push({ kind: "free", name });
}

function addDate(items: Item[], text: string, open: number, name: string, format: string): void {
  const other = items.find((item) => item.kind !== "literal" && (item.kind === "date") !== (item.name === name));
  if (other !== undefined && other.kind === "date") {
    throw bad(
      text,
      open,
      `a second date, ${name} beside ${other.name}`,
      "A layout has one date: name all its parts alike.",
    );
  }
  if (items.some((item) => item.kind === "free" && item.name === name)) {
    throw bad(
      text,
      open,
      `the dimension ${name} is there with and without a date format`,
      "Give one of them another name.",
    );
  }
  let found = false;
  let at = 0;
  while (at < format.length) {
    const token = tokens.find((candidate) => format.startsWith(candidate, at));
    if (token !== undefined) {
      items.push({ kind: "date", name, token });
      found = true;
      at += token.length;
      continue;
    }
    const character = format.charAt(at);
    if (/\p{L}|\{/u.test(character)) throw bad(text, open, `${JSON.stringify(format)} is no date format`, formatHint);
    items.push({ kind: "literal", text: character });
    at++;
  }
  if (!found) throw bad(text, open, `${JSON.stringify(format)} is no date format`, formatHint);
}

const formatHint =
  "Make it of yyyy, MM, dd, HH and characters other than letters; write letters outside, as in {date:yyyyMMdd}T{date:HH}.";

/** Cut at every `/` of a literal. */
function levels(items: readonly Item[]): Item[][] {
  const pieces: Item[][] = [[]];
  for (const item of items) {
    if (item.kind !== "literal") {
      pieces.at(-1)?.push(item);
      continue;
    }
    for (const [index, part] of item.text.split("/").entries()) {
      if (index > 0) pieces.push([]);
      if (part !== "") pieces.at(-1)?.push({ kind: "literal", text: part });
    }
  }
  return pieces;
}

function names(items: readonly Item[], text: string): Pick<Pattern, "dimensions" | "dateDimension"> {
  const dimensions = [...new Set(items.flatMap((item) => (item.kind === "literal" ? [] : [item.name])))];
  if (dimensions.length > dimensionsMax) {
    throw new SpotfoldError(
      "invalid-config",
      `A layout has at most ${dimensionsMax} dimensions, this has ${dimensions.length}.`,
      {
        hint: "Name only what you select by; text that varies can stay in one dimension.",
        context: { layout: text },
      },
    );
  }
  const dates = items.filter((item) => item.kind === "date");
  const parts = new Set(dates.map((item) => item.token));
  if (dates.length > 0 && !(parts.has("yyyy") && parts.has("MM") && (parts.has("dd") || !parts.has("HH")))) {
    throw new SpotfoldError(
      "invalid-config",
      `Layout ${JSON.stringify(text)}: the date ${dates[0]?.name ?? ""} needs a year and a month, and a day where there is an hour; it has ${[...parts].join(", ")}.`,
      { hint: "Add the part, as in {date:yyyy}/{date:MM}/{date:dd}/.", context: { layout: text } },
    );
  }
  return { dimensions, dateDimension: dates[0]?.name };
}
