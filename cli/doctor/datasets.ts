/**
 * The checks of configured datasets: their places are there, hold what the layout says, as far as the first keys tell, and a
 * block in a bucket can be read as decoders read it, through a URL that is lent. Nothing is written.
 */
import type { Settings } from "../../shared/config/settings.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { checkDatasets } from "../../shared/dataset/place.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { httpAgents, httpGet } from "../../shared/http-get.ts";
import { httpTerms } from "../../shared/http-terms.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { DataStores } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { counted } from "../report/lines.ts";
import { wrong, type Check, type Finding } from "./check.ts";

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

async function look(settings: Settings, dataset: DatasetSpec): Promise<Finding> {
  const { place, layout } = dataset;
  return await withScope(async (scope) => {
    const store = await new DataStores(settings, scope).of(dataset);
    const compiled = compileLayout(layout);
    // One page: whether anything is there, not how much.
    for await (const { blobs } of store.list("")) {
      if (blobs.length === 0) continue;
      const matching = blobs.filter(({ key }) => compiled.match(key) !== null);
      const listed = `${place}: ${matching.length} of the first ${counted(blobs.length, "key")} match the layout ${layout}`;
      const block = matching[0] ?? blobs[0];
      return block === undefined ? listed : await lookAtBlock(settings, store, block.key, listed);
    }
    return `${place}: empty`;
  });
}

/** Files are read as they are; what they allow shows with the first run, for each by itself. */
async function lookAtBlock(settings: Settings, store: BlobStore, key: string, listed: string): Promise<Finding> {
  const lent = await store.lend(key);
  if (lent.kind === "path") return listed;
  try {
    await readLent(settings, store, key, lent.url);
    return `${listed}; ${key} can be read`;
  } catch (error) {
    // It is that block's own state, and runs list it as missing.
    if (codeOf(error) !== "archived") throw error;
    const hint = (error as SpotfoldError).hint ?? "";
    return { detail: `${listed}; ${messageOf(error)}`, hint };
  }
}

/** One byte is enough. What S3 says to a URL has few words, so a refusal is asked for again through the store. */
async function readLent({ aws }: Settings, store: BlobStore, key: string, url: string): Promise<void> {
  const agents = httpAgents(httpTerms(aws));
  try {
    const { status, body } = await httpGet(url, { range: "bytes=0-0" }, aws.silentMsMax, agents);
    body.destroy();
    // An empty block has no first byte.
    if ([200, 206, 416].includes(status)) return;
    await readAll(store, key, { range: { start: 0, end: 1 } });
    throw wrong(
      `${store.name} answers ${status} to the URL that it lent for ${key}`,
      "See whether a proxy changes URLs.",
    );
  } finally {
    agents.http.destroy();
    agents.https.destroy();
  }
}
