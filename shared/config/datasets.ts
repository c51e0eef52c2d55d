/** The `datasets` of the file, by name: `{ "place": …, "layout": …, "records": …, "requesterPays": true, "kmsKeyId": … }`. */
import * as v from "valibot";
import { SpotfoldError } from "../errors.ts";
import { compileLayout } from "../dataset/layout.ts";
import { telemetryName } from "../dataset/layout-telemetry.ts";
import { normalisePlace, placesOverlap } from "../dataset/place.ts";
import type { DatasetSpec } from "../dataset/types.ts";
import { isId } from "../names.ts";
import { recordFormatNames } from "../records/index.ts";
import { kmsKeySchema } from "./fields.ts";
import { nearest } from "./problems.ts";
import type { Problem } from "./problems.ts";

const texts = ["place", "layout", "records", "kmsKeyId"] as const;
const properties = [...texts, "requesterPays"] as const;
const nonEmpty = v.pipe(v.string("must be a string"), v.nonEmpty("must not be empty"));
const schemas = {
  place: nonEmpty,
  layout: v.optional(nonEmpty, telemetryName),
  records: v.optional(v.picklist(recordFormatNames, `must be one of ${recordFormatNames.join(", ")}`)),
  kmsKeyId: v.optional(kmsKeySchema),
};

type Note = (field: string, value: unknown, rule: string) => void;

/** What `parse` gives; undefined when it refuses the value, which is noted. */
function attempt<Result>(field: string, value: unknown, parse: () => Result, wrong: Note): Result | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SpotfoldError)) throw error;
    wrong(field, value, error.message);
    return undefined;
  }
}

/** Those that are right; what is wrong with the others is added to `problems`. `folder`: the file's. */
export function readDatasets(content: unknown, file: string, folder: string, problems: Problem[]): DatasetSpec[] {
  if (content === undefined) return [];
  const wrong: Note = (field, value, rule) => {
    problems.push({ field, value, rule, source: file });
  };
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    wrong("datasets", content, "must be an object of datasets by name");
    return [];
  }
  const datasets: DatasetSpec[] = [];
  for (const [name, given] of Object.entries(content as Readonly<Record<string, unknown>>)) {
    const before = problems.length;
    const field = `datasets.${name}`;
    if (!isId(name))
      wrong(field, name, "must have a name of 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit");
    const dataset = readDataset(field, given, folder, wrong);
    const other = datasets.find(({ place }) => dataset !== undefined && placesOverlap(place, dataset.place));
    if (other !== undefined) {
      wrong(
        `${field}.place`,
        dataset?.place,
        `must not overlap with datasets.${other.name}: a block would count twice`,
      );
    }
    if (dataset !== undefined && problems.length === before) datasets.push(Object.freeze({ name, ...dataset }));
  }
  return datasets;
}

function readDataset(
  field: string,
  given: unknown,
  folder: string,
  wrong: Note,
): Omit<DatasetSpec, "name"> | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    wrong(field, given, "must be an object with a place");
    return undefined;
  }
  const values = given as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(values)) {
    if (!properties.some((property) => property === key)) {
      wrong(`${field}.${key}`, value, `is no setting${nearest(key, properties)}`);
    }
  }
  const parsed: Partial<Record<(typeof texts)[number], string>> = {};
  for (const property of texts) {
    const result = v.safeParse(schemas[property], values[property]);
    if (!result.success) {
      const missing = values[property] === undefined;
      wrong(`${field}.${property}`, values[property], missing ? "must be given" : result.issues[0].message);
    } else if (result.output !== undefined) parsed[property] = result.output;
  }
  const { requesterPays = false } = values;
  if (typeof requesterPays !== "boolean") wrong(`${field}.requesterPays`, requesterPays, "must be true or false");
  const { place, layout } = parsed;
  const absolute =
    place === undefined ? undefined : attempt(`${field}.place`, place, () => normalisePlace(place, folder), wrong);
  const known =
    layout === undefined ? undefined : attempt(`${field}.layout`, layout, () => compileLayout(layout), wrong);
  if (absolute === undefined || known === undefined) return undefined;
  const records = parsed.records ?? (known.name === telemetryName ? "telemetry" : "ndjson");
  return {
    place: absolute,
    layout: known.name,
    records,
    ...(requesterPays === true ? { requesterPays } : {}),
    ...(parsed.kmsKeyId === undefined ? {} : { kmsKeyId: parsed.kmsKeyId }),
  };
}
