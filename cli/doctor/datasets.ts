/** The checks of configured datasets: their places are there, and hold what the layout says, as far as the first keys tell. */
import type { Settings } from "../../shared/config/settings.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { checkDatasets } from "../../shared/dataset/place.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { DataStores } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { counted } from "../report/lines.ts";
import type { Check } from "./check.ts";

export function datasetChecks(settings: Settings): readonly Check[] {
  const { datasets } = settings;
  if (datasets.length === 0)
    return [{ name: "datasets", run: async () => "none is configured; --data takes a folder or a bucket" }];
  const apart = async (): Promise<string> => {
    checkDatasets(datasets);
    return datasets.map(({ name }) => name).join(", ");
  };
  return [
    { name: "datasets", run: apart },
    ...datasets.map((dataset) => ({ name: dataset.name, run: async () => await look(settings, dataset) })),
  ];
}

async function look(settings: Settings, dataset: DatasetSpec): Promise<string> {
  const { place, layout } = dataset;
  return await withScope(async (scope) => {
    const store = await new DataStores(settings, scope).of(dataset);
    const compiled = compileLayout(layout);
    // One page: whether anything is there, not how much.
    for await (const { blobs } of store.list("")) {
      if (blobs.length === 0) continue;
      const matching = blobs.filter(({ key }) => compiled.match(key) !== null).length;
      return `${place}: ${matching} of the first ${counted(blobs.length, "key")} match the layout ${layout}`;
    }
    return `${place}: empty`;
  });
}
