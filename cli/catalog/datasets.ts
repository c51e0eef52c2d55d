/** Which datasets a `catalog` command is about, and what of each: `--data`, or every configured one. */
import type { Settings } from "../../shared/config/settings.ts";
import { checkDatasets } from "../../shared/dataset/place.ts";
import type { DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { datasetOf, filterOf, type DataOptions, type FilterOptions } from "../compose/dataset.ts";

export interface Selected {
  readonly dataset: DatasetSpec;
  /** Without "today". */
  readonly filter: Filter;
}

/** Throws `usage`, `invalid-filter`, and `invalid-config` when two datasets would count a block twice. */
export async function selectedDatasets(
  settings: Settings,
  options: DataOptions & FilterOptions,
  nowMs: number,
): Promise<readonly Selected[]> {
  const datasets = options.data === undefined ? configured(settings, options) : [datasetOf(settings, options)];
  return await Promise.all(
    datasets.map(async (dataset) => ({ dataset, filter: await filterOf(settings, dataset, options, nowMs) })),
  );
}

function configured(settings: Settings, { layout, records }: DataOptions): readonly DatasetSpec[] {
  const { datasets, configFile } = settings;
  if (layout !== undefined || records !== undefined) {
    throw new SpotfoldError("usage", "--layout and --records belong to a place", {
      hint: "Name the place, too: --data ./logs --layout 'dt={date:yyyy-MM-dd}/'.",
    });
  }
  if (datasets.length === 0) {
    throw new SpotfoldError("usage", "--data is missing, and no dataset is configured", {
      hint: `Name a folder (--data ./logs), or configure datasets in ${configFile ?? "spotfold.config.json"}.`,
    });
  }
  checkDatasets(datasets);
  return datasets;
}
