/**
 * Where settings come from: values by field, each with what set it and the folder that a relative path in it belongs to.
 * Sources are read whole; every name that is none and every value that breaks its rule is noted as a problem.
 */
import * as v from "valibot";
import { fields, flagOf, groups, variableOf } from "./fields.ts";
import type { FieldValue } from "./fields.ts";
import { nearest } from "./problems.ts";
import type { Problem } from "./problems.ts";

export interface Setting {
  readonly value: FieldValue;
  readonly source: string;
  readonly folder: string;
}

export interface Source {
  readonly settings: Map<string, Setting>;
  readonly problems: Problem[];
}

/** Variables that are for our own tests. */
const otherVariables = /^SPOTFOLD_(?:TEST_[A-Z_]+|REFERENCE_DIR)$/;
/** Variables and flags are text; what looks like a number is one. */
const numberPattern = /^-?[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?$/i;

function note(into: Source, name: string, value: unknown, source: string, folder: string): void {
  const field = fields.get(name);
  if (field === undefined) return;
  const result = v.safeParse(field.schema, value);
  if (result.success) into.settings.set(name, { value: result.output, source, folder });
  else into.problems.push({ field: name, value, rule: result.issues[0].message, source });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fromText(name: string, value: unknown): unknown {
  const isNumber = fields.get(name)?.kind === "number" && typeof value === "string" && numberPattern.test(value);
  return isNumber ? Number(value) : value;
}

/** `SPOTFOLD_*`. One that is set to nothing counts as not set. */
export function fromVariables(variables: Readonly<Record<string, string | undefined>>, folder: string): Source {
  const into: Source = { settings: new Map(), problems: [] };
  const fieldOf = new Map([...fields.keys()].map((name) => [variableOf(name), name]));
  for (const [variable, value] of Object.entries(variables)) {
    if (!variable.startsWith("SPOTFOLD_") || otherVariables.test(variable) || value === undefined || value === "")
      continue;
    const name = fieldOf.get(variable);
    if (name !== undefined) note(into, name, fromText(name, value), variable, folder);
    else {
      const rule = `is no setting${nearest(variable, [...fieldOf.keys()])}`;
      into.problems.push({ field: variable, value, rule, source: "environment" });
    }
  }
  return into;
}

/** What the command line gave, by field; undefined counts as not given. */
export function fromCommandLine(given: Readonly<Record<string, unknown>>, folder: string): Source {
  const into: Source = { settings: new Map(), problems: [] };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) note(into, name, fromText(name, value), flagOf(name), folder);
  }
  return into;
}

/** The parsed file, but for `datasets`, which is given back as it is. */
export function fromFile(content: unknown, file: string, folder: string): Source & { readonly datasets: unknown } {
  const into: Source = { settings: new Map(), problems: [] };
  if (!isObject(content)) {
    into.problems.push({ field: "(all)", value: content, rule: "must be an object of settings", source: file });
    return { ...into, datasets: undefined };
  }
  const { datasets, ...rest } = content;
  noteAll(into, "", rest, file, folder);
  return { ...into, datasets };
}

function noteAll(
  into: Source,
  group: string,
  content: Readonly<Record<string, unknown>>,
  file: string,
  folder: string,
): void {
  const siblings = [...fields.keys()].filter((name) => name.startsWith(group)).map((name) => name.slice(group.length));
  const known = group === "" ? [...siblings.filter((name) => !name.includes(".")), ...groups, "datasets"] : siblings;
  for (const [key, value] of Object.entries(content)) {
    const name = `${group}${key}`;
    if (group === "" && groups.has(key)) {
      if (isObject(value)) noteAll(into, `${key}.`, value, file, folder);
      else into.problems.push({ field: name, value, rule: "must be an object of settings", source: file });
    } else if (known.includes(key)) note(into, name, value, file, folder);
    else into.problems.push({ field: name, value, rule: `is no setting${nearest(key, known)}`, source: file });
  }
}
