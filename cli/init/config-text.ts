/**
 * The text of a new `spotfold.config.json`: what was given as it is, everything else commented out with its default, each
 * below one line of why. Made from the table of settings (shared/config/fields.ts), so names and defaults are right; of the
 * times, those that somebody may want to change.
 *
 * Commas stand after every entry, also the last: whoever takes a `//` away need not look at its neighbours.
 */
import { fields, groups, variableOf, type FieldValue } from "../../shared/config/fields.ts";
import { examples, explanations } from "./explanations.ts";

export interface NewDataset {
  readonly name: string;
  readonly place: string;
  readonly layout?: string;
  readonly records?: string;
}

export interface NewConfig {
  /** By field name, as given. */
  readonly given: Readonly<Record<string, FieldValue>>;
  readonly dataset?: NewDataset;
}

const head = `{
  // Settings of Spotfold, for what is started in this folder. A flag comes before an environment variable
  // (${variableOf("store")} and so on), that before this file, and what stands nowhere has its default.
  // Lines below that begin with // show defaults, or an example. All settings: docs/limits.md; places: docs/operating.md.
`;

/** Shown where no dataset was given. */
const exampleDataset: NewDataset = {
  name: "logs",
  place: "s3://BUCKET/PREFIX",
  layout: "dt={date:yyyy-MM-dd}/",
  records: "ndjson",
};

export function configText({ given, dataset }: NewConfig): string {
  const names = [...fields.keys()];
  const lines = names.filter((name) => !name.includes(".")).map((name) => entry(name, name, given, "  "));
  const groupTexts = [...groups].map((group) => groupText(group, names, given));
  return `${head}\n${lines.join("\n")}\n${groupTexts.join("\n")}\n${datasetsText(dataset)}}\n`;
}

function groupText(group: string, names: readonly string[], given: NewConfig["given"]): string {
  const inGroup = names.filter((name) => name.startsWith(`${group}.`));
  const members = inGroup.filter((name) => group !== "timing" || explanations[name] !== undefined);
  const entries = members.map((name) => entry(name, name.slice(group.length + 1), given, "    "));
  return `  ${JSON.stringify(group)}: {\n${entries.join("")}  },\n`;
}

function entry(name: string, key: string, given: NewConfig["given"], indent: string): string {
  const why = explanations[name];
  const value = given[name];
  const mark = value === undefined ? "// " : "";
  const shown = JSON.stringify(value ?? examples[name] ?? fields.get(name)?.default ?? "");
  const above = why === undefined ? "" : `${indent}// ${why}\n`;
  return `${above}${indent}${mark}${JSON.stringify(key)}: ${shown},\n`;
}

function datasetsText(dataset: NewDataset | undefined): string {
  const why = `  // Where your blocks lie, by names that --data takes; a name stays, since blocks are known by it. They are only read.
  // layout: telemetry, or a pattern such as ${exampleDataset.layout ?? ""}; records: telemetry, ndjson or text.
`;
  const { name, ...rest } = dataset ?? exampleDataset;
  const mark = dataset === undefined ? "// " : "";
  return `${why}  "datasets": {\n    ${mark}${JSON.stringify(name)}: ${spaced(rest)},\n  },\n`;
}

function spaced(values: object): string {
  const members = Object.entries(values).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{ ${members.join(", ")} }`;
}
