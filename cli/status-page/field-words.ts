/**
 * Refusals in the words of who fills in the page's form: which field, instead of a flag of the command line or a path into the
 * request's body. Labels are those of dashboard/status/run-fields.tsx.
 */
import type { StatusError } from "../../dashboard/status/document.ts";

type Refusal = StatusError["error"];

const labels: ReadonlyMap<string, string> = new Map([
  ["analysis", "the field Analysis"],
  ["dataset", "the field Dataset"],
  ["into", "the field Aggregate"],
]);

/** The list that a field is of, and the member that names it. */
const lists: ReadonlyMap<string, readonly [kind: string, name: string]> = new Map([
  ["where", ["filter", "dimension"]],
  ["params", ["parameters", "name"]],
]);

/** Of what a field is wrong in: `where.0.values` of the body is the field that bears that dimension's name. */
export function fieldOf(body: unknown, path: string | null): string {
  if (path === null) return "the body";
  const [top = "", index = ""] = path.split(".");
  const list = lists.get(top);
  if (list === undefined || index === "") return labels.get(top) ?? path;
  const [kind, member] = list;
  const name = memberOf(memberOf(memberOf(body, top), index), member);
  return typeof name === "string" ? `the field ${JSON.stringify(name)} of the ${kind}` : `the ${kind}`;
}

/** An own member alone: what was sent may name anything. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const flags: readonly (readonly [flag: RegExp, field: string])[] = [
  [/--by is missing: counts is told by what to count/g, "Name what to count by, in the field `by` of the parameters"],
  [/: --by 'date,\$\.info\.OS'\./g, ", such as date,$.info.OS."],
  [/Give parameters as --param name=value\./g, "Look at the fields of the parameters."],
  [/--param ([^\s=]+)/g, "the parameter `$1`"],
  [/--by\b/g, "the field `by`"],
  [/--where\b/g, "the filter"],
  [/--into\b/g, "the field Aggregate"],
];

/** Of a refusal of `submit`. A hint that is a command stays one: somebody may type it. */
export function inFieldWords({ code, message, hint }: Refusal): Refusal {
  return { code, message: translated(message), hint: hint === null || isCommand(hint) ? hint : translated(hint) };
}

function isCommand(text: string): boolean {
  return /\bspotfold [a-z]/.test(text);
}

function translated(text: string): string {
  return flags.reduce((done, [flag, field]) => done.replaceAll(flag, field), text);
}
