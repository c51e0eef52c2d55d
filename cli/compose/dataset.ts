/** From `--data`, `--layout`, `--records`, `--where`, `--last` and `--filter` to a dataset and a filter without "today". */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Settings } from "../../shared/config/settings.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { resolveFilter } from "../../shared/dataset/filter-resolve.ts";
import { editDistance } from "../../shared/dataset/explain.ts";
import { datasetFromPlace, isPlace } from "../../shared/dataset/place.ts";
import type { DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import { recordFormatNames } from "../../shared/records/index.ts";

export interface DataOptions {
  readonly data?: string;
  readonly layout?: string;
  readonly records?: string;
}

export interface FilterOptions {
  readonly where?: readonly string[];
  readonly last?: string;
  /** Path of a filter document. */
  readonly filter?: string;
}

/** The configured dataset of that name, or one made of a place. Throws `usage`. */
export function datasetOf(settings: Settings, options: DataOptions): DatasetSpec {
  const { data, layout, records } = options;
  if (data === undefined) throw new SpotfoldError("usage", "--data is missing", { hint: hintForNone(settings) });
  if (records !== undefined && !recordFormatNames.some((name) => name === records)) {
    throw new SpotfoldError("usage", `--records ${records} is no record format`, {
      hint: `Use one of ${recordFormatNames.join(", ")}.`,
    });
  }
  if (isPlace(data)) return datasetFromPlace(data, settings.folder, layout, records);
  const configured = settings.datasets.find((dataset) => dataset.name === data);
  if (configured === undefined) {
    throw new SpotfoldError("usage", `${JSON.stringify(data)} is no configured dataset`, {
      hint: hintFor(data, settings),
    });
  }
  if (layout !== undefined || records !== undefined) {
    throw new SpotfoldError("usage", `--layout and --records are part of the dataset ${data}'s configuration`, {
      hint: `Leave them out, or change datasets.${data} in ${settings.configFile ?? "the settings"}.`,
    });
  }
  return configured;
}

function hintForNone({ datasets }: Settings): string {
  const places = "Name a folder of blocks or s3://BUCKET/PREFIX";
  if (datasets.length === 0) return `${places}.`;
  return `${places}, or one of the configured datasets: ${datasets.map(({ name }) => name).join(", ")}.`;
}

function hintFor(data: string, { datasets }: Settings): string {
  const folder = `For a folder of that name: --data ./${data}`;
  if (datasets.length === 0) return `${folder}.`;
  const names = datasets.map(({ name }) => name).toSorted((a, b) => editDistance(a, data) - editDistance(b, data));
  return `Configured are ${names.join(", ")}. ${folder}.`;
}

export async function filterOf(
  settings: Settings,
  dataset: DatasetSpec,
  options: FilterOptions,
  nowMs: number,
): Promise<Filter> {
  const { where, last, filter: path } = options;
  const document = path === undefined ? undefined : await readDocument(resolve(settings.folder, path), path);
  const selection = {
    ...(where === undefined ? {} : { where }),
    ...(last === undefined ? {} : { last }),
    ...(document === undefined ? {} : { document: { value: document, source: path ?? "" } }),
  };
  return resolveFilter(compileLayout(dataset.layout), selection, nowMs);
}

async function readDocument(file: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    throw new SpotfoldError("invalid-filter", `The filter ${path} cannot be read: ${messageOf(error)}`, {
      hint: "Give a JSON file with a version and dimensions.",
      cause: error,
    });
  }
}
