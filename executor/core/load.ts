/**
 * From a loaded module to an analysis that the rest may rely on: the default export is checked field by field, the
 * parameters go through the analysis' own schema, side inputs become readable by name. Nothing here touches the disk: the
 * caller imports the module and says how an input is read.
 *
 * What may go wrong is the author's or the submitter's doing, and is said in their words: `invalid-bundle` names the field,
 * `usage` names the parameter, `analysis-failed` carries what the schema itself threw.
 */
import type { Analysis, Context, Inputs } from "../../jobs/analysis.ts";
import { SpotfoldError, messageOf } from "../../shared/errors.ts";
import { isId } from "../../shared/names.ts";
import { isPlainFileName } from "./site.ts";
import type { AnalysisDescription } from "../types.ts";

/** Columns are names in CSV headers and on the page, and each is repeated in every key: more is a value, not a key. */
export const keyColumnsMax = 32;

/** Enough for any side file set; names are listed in run.json and in every message about them. */
export const inputsMax = 64;

/** The pointer when an analysis publishes nothing of its own. */
export const defaultPointer = "latest.json";

/** Header of a CSV, also a JSON path such as `$.info.OS`. */
const columnPattern = /^[^\p{C}\p{Z},"]{1,63}$/u;
const inputPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}$/;

export interface LoadedAnalysis {
  readonly analysis: Analysis;
  readonly context: Context<unknown>;
  readonly description: AnalysisDescription;
}

/** How one side file is read; called at most once for a name. */
export type ReadInput = (name: string) => Uint8Array;

/** Checks the module's default export and applies `params`. `inputs` are the names that the run brings. */
export function loadAnalysis(
  module: unknown,
  params: unknown,
  inputs: readonly string[],
  readInput: ReadInput,
): LoadedAnalysis {
  const analysis = checkAnalysis(module);
  const allowed = analysis.inputs ?? [];
  for (const name of inputs) {
    if (allowed.some((input) => name === input || isBelow(input, name))) continue;
    const known = allowed.length === 0 ? "it takes none" : `it takes ${allowed.join(", ")}`;
    throw new SpotfoldError("usage", `the analysis ${analysis.name} takes no input named ${JSON.stringify(name)}`, {
      hint: `Leave it out: ${known}.`,
    });
  }
  const checked = applyParams(analysis, params);
  const key = checkKey(columnsOf(analysis, checked));
  checkBy(analysis.publish?.by, key.length);
  return {
    analysis,
    context: { params: checked, inputs: inputsOf(inputs, readInput) },
    description: {
      name: analysis.name,
      state: analysis.state ?? 1,
      key,
      inputs: [...allowed],
      publishBy: analysis.publish?.by ?? 0,
      pointer: analysis.publish?.pointer ?? defaultPointer,
      params: checked,
    },
  };
}

/** Whether `name` is a file of the folder `input`: an analysis declares the folder, a run brings as many files of it as it has. */
function isBelow(input: string, name: string): boolean {
  return name.startsWith(`${input}/`) && inputPattern.test(name.slice(input.length + 1));
}

/** The default export, every field of it checked. Throws `invalid-bundle` that names the first field that is wrong. */
export function checkAnalysis(module: unknown): Analysis {
  const value = isObject(module) ? module["default"] : undefined;
  if (value === undefined) throw wrong("it has no default export", "Write `export default defineAnalysis({ ... })`.");
  if (!isObject(value)) throw wrong(`its default export is ${typeof value}, not an analysis`);
  checkNames(value);
  checkFunctions(value);
  checkPublish(value["publish"]);
  if (value["beside"] !== undefined && value["publish"] !== undefined)
    throw wrong("`beside` is for an analysis without `publish`: let `publish.render` write these files");
  return value as unknown as Analysis;
}

function checkNames(value: Record<string, unknown>): void {
  if (typeof value["name"] !== "string" || !isId(value["name"])) {
    throw wrong("`name` must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit");
  }
  if (typeof value["key"] !== "function") checkKey(value["key"]);
  if (value["inputs"] !== undefined) {
    if (!Array.isArray(value["inputs"]) || value["inputs"].length > inputsMax) {
      throw wrong(`\`inputs\` must be a list of at most ${inputsMax} names`);
    }
    checkList(value["inputs"], "inputs", inputPattern, "an input is named like a file, without folders");
  }
  checkInteger(value["state"], "state", 1);
  checkInteger(value["rejectedPerBlockMax"], "rejectedPerBlockMax", 0);
}

function columnsOf(analysis: Analysis, params: unknown): unknown {
  try {
    return typeof analysis.key === "function" ? analysis.key(params) : analysis.key;
  } catch (error) {
    throw new SpotfoldError("analysis-failed", `\`key\` of ${analysis.name} threw: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function checkKey(key: unknown): readonly string[] {
  if (!Array.isArray(key) || key.length === 0) throw wrong("`key` must name at least one column");
  if (key.length > keyColumnsMax)
    throw wrong(`\`key\` has ${key.length} columns; at most ${keyColumnsMax} are allowed`);
  checkList(key, "key", columnPattern, "a column's name has 1 to 63 printable characters and no comma or quote");
  return [...(key as string[])];
}

function checkList(list: readonly unknown[], field: string, pattern: RegExp, rule: string): void {
  for (const [i, name] of list.entries()) {
    if (typeof name !== "string" || !pattern.test(name)) {
      throw wrong(`\`${field}\`[${i}] is ${JSON.stringify(name) ?? typeof name}: ${rule}`);
    }
    if (list.indexOf(name) !== i) throw wrong(`\`${field}\` names ${JSON.stringify(name)} twice`);
  }
}

function checkInteger(value: unknown, field: string, min: number): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw wrong(`\`${field}\` must be an integer of at least ${min}`);
  }
}

function checkFunctions(value: Record<string, unknown>): void {
  for (const field of ["map", "accumulator", "merge", "mergeEncoded", "finish", "encode", "decode"]) {
    if (value[field] !== undefined && typeof value[field] !== "function")
      throw wrong(`\`${field}\` must be a function`);
  }
  if (value["merge"] === undefined) throw wrong("`merge` is missing: it says how two values of one key become one");
  if ((value["map"] === undefined) === (value["accumulator"] === undefined)) {
    throw wrong(
      value["map"] === undefined ? "it has neither `map` nor `accumulator`" : "it has both `map` and `accumulator`",
    );
  }
  if ((value["encode"] === undefined) !== (value["decode"] === undefined)) {
    throw wrong("`encode` and `decode` come together or not at all");
  }
  const params = value["params"];
  if (params === undefined) return;
  const standard =
    isObject(params) || typeof params === "function" ? (params as Record<string, unknown>)["~standard"] : undefined;
  if (!isObject(standard) || typeof standard["validate"] !== "function") {
    throw wrong(
      "`params` is not a Standard Schema",
      "Use valibot, zod, arktype or another validator of https://standardschema.dev.",
    );
  }
}

function checkBy(by: number | undefined, columns: number): void {
  checkInteger(by, "publish.by", 0);
  if ((by ?? 0) > columns) throw wrong(`\`publish.by\` is ${by}, but a key has ${columns} columns`);
}

function checkPublish(publish: unknown): void {
  if (publish === undefined) return;
  if (!isObject(publish)) throw wrong("`publish` must be an object");
  if (publish["by"] === undefined) throw wrong("`publish.by` is missing: how many key columns name a unit");
  const pointer = publish["pointer"];
  if (typeof pointer !== "string" || !isPlainFileName(pointer) || pointer === "coverage.json") {
    throw wrong("`publish.pointer` must be a plain file name, and not coverage.json");
  }
  for (const field of ["label", "folder", "render"]) {
    if (typeof publish[field] !== "function") throw wrong(`\`publish.${field}\` must be a function`);
  }
  if (publish["renderEncoded"] !== undefined && typeof publish["renderEncoded"] !== "function")
    throw wrong("`publish.renderEncoded` must be a function");
}

/** What the schema makes of the parameters; without a schema there are none. The result is JSON: it is stored and hashed. */
function applyParams(analysis: Analysis, params: unknown): unknown {
  const given = params ?? {};
  if (analysis.params === undefined) {
    const names = isObject(given) ? Object.keys(given) : [];
    if (!isObject(given) || names.length > 0) {
      throw new SpotfoldError("usage", `the analysis ${analysis.name} takes no parameters`, {
        hint: names.length > 0 ? `Leave out ${names.join(", ")}.` : "Leave them out.",
      });
    }
    return {};
  }
  const result = validate(analysis, given);
  const json: unknown = JSON.parse(JSON.stringify(result) ?? "null");
  if (!isObject(json)) throw wrong("`params` must give an object that JSON can hold");
  return json;
}

function validate(analysis: Analysis, given: unknown): unknown {
  let result: unknown;
  try {
    result = analysis.params?.["~standard"].validate(given);
  } catch (error) {
    throw new SpotfoldError("analysis-failed", `\`params\` of ${analysis.name} threw: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (isObject(result) && typeof result["then"] === "function") {
    throw wrong("`params` validates asynchronously", "Checks of parameters are pure and synchronous: no I/O.");
  }
  if (!isObject(result)) throw wrong("`params` gave no result");
  const issues = result["issues"];
  if (issues === undefined) return result["value"];
  const list = Array.isArray(issues) ? issues.map(issueText).join("; ") : "not valid";
  throw new SpotfoldError("usage", `parameters of ${analysis.name}: ${list}`, {
    hint: "Give parameters as --param name=value.",
  });
}

/** Schema libraries agree on `message` and `path`. valibot's issues say also whether a key is missing or unknown. */
function issueText(issue: unknown): string {
  if (!isObject(issue)) return String(issue);
  const path = Array.isArray(issue["path"]) ? issue["path"].map(pathPart).join(".") : "";
  if (issue["type"] === "strict_object" && issue["expected"] === "never") return `there is no parameter ${path}`;
  if (/_?object$/.test(String(issue["type"])) && issue["received"] === "undefined") return `${path} is missing`;
  return path === "" ? String(issue["message"]) : `${path}: ${String(issue["message"])}`;
}

function pathPart(part: unknown): string {
  return isObject(part) ? String(part["key"]) : String(part);
}

function inputsOf(names: readonly string[], readInput: ReadInput): Inputs {
  const sorted = names.toSorted((a, b) => (a < b ? -1 : 1));
  const read = new Map<string, Uint8Array>();
  return {
    names: () => [...sorted],
    read(name) {
      const known = read.get(name);
      if (known !== undefined) return known;
      if (!sorted.includes(name)) throw new Error(`there is no input named ${JSON.stringify(name)}`);
      const bytes = readInput(name);
      read.set(name, bytes);
      return bytes;
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function wrong(what: string, hint?: string): SpotfoldError {
  return new SpotfoldError("invalid-bundle", `the module is no analysis: ${what}`, hint === undefined ? {} : { hint });
}
