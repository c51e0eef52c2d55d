/** `--param name=value` and `--by`: the analysis' parameters as JSON. The analysis' own schema checks them in an executor. */
import { SpotfoldError } from "../../shared/errors.ts";

/** What can only be meant as JSON; everything else is text. */
const jsonPattern = /^(?:-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|[[{"][\s\S]*)$/;

export function parseParams(texts: readonly string[], by: string | undefined): Record<string, unknown> {
  const params = new Map<string, unknown>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals <= 0) {
      throw new SpotfoldError("usage", `--param ${text}: a name, = and a value are expected`, {
        hint: "As in --param limit=10.",
      });
    }
    const name = text.slice(0, equals);
    if (params.has(name)) {
      throw new SpotfoldError("usage", `--param ${name} is given twice`, { hint: "Keep one of them." });
    }
    params.set(name, parseValue(text.slice(equals + 1)));
  }
  if (by !== undefined) {
    if (params.has("by")) throw new SpotfoldError("usage", "--by and --param by= say the same", { hint: "Keep one." });
    params.set("by", by);
  }
  return Object.fromEntries(params);
}

function parseValue(text: string): unknown {
  if (!jsonPattern.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What no line and no field shows. */
const invisible = /\p{C}/u;

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** How `--param` is given a value: `parseParams` makes the same of it. A line of what can be seen. */
export function paramText(value: unknown): string {
  if (typeof value === "string" && parseValue(value) === value && !invisible.test(value)) return value;
  return JSON.stringify(value).replaceAll(new RegExp(invisible, "gu"), escaped);
}
