/**
 * What a run can be made of, for the form of the page: analyses that ship or that the store has, and datasets that are
 * configured or that runs were over. A place that nobody has named on this machine is not among them: whoever may act on the
 * page is not to read any folder of it. Read when somebody opens the form, once for all who do.
 */
import type { AnalysisChoice, ChoicesDocument, DatasetChoice } from "../../dashboard/status/action-document.ts";
import { SHIPPED_ANALYSES, SHIPPED_PARAMS } from "../../jobs/shipped.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { datasetFromPlace } from "../../shared/dataset/place.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { aggregatesOf } from "../compose/look.ts";
import { shownPlace } from "../compose/ports.ts";
import { bundlesOf, lastRuns, type BundleLine } from "../submit/bundle-list.ts";
import { paramText } from "../submit/params.ts";
import type { Places } from "./places.ts";

/** A read for each run: they cost more than the status does. */
const keepMs = 30_000;

/** Words of a command line that name a dataset. */
export interface NamedDataset {
  readonly spec: DatasetSpec;
  readonly flags: readonly string[];
}

export interface Choices {
  readonly document: ChoicesDocument;
  readonly datasets: ReadonlyMap<string, NamedDataset>;
}

export class ChoicesSource {
  readonly #settings: Pick<Settings, "datasets" | "folder">;
  readonly #places: Places;
  readonly #clock: Clock;
  #known: { readonly at: number; readonly choices: Promise<Choices> } | null = null;

  constructor(settings: Pick<Settings, "datasets" | "folder">, places: Places, clock: Clock) {
    this.#settings = settings;
    this.#places = places;
    this.#clock = clock;
  }

  async latest(): Promise<Choices> {
    const now = this.#clock.monotonic();
    if (this.#known === null || now >= this.#known.at + keepMs) {
      const choices = this.#read();
      // One that failed is asked for again by the next who looks.
      choices.catch(() => (this.#known = null));
      this.#known = { at: now, choices };
    }
    return await this.#known.choices;
  }

  async #read(): Promise<Choices> {
    const look = await this.#places.look();
    const runs = look === null ? [] : await lastRuns(look.store);
    const aggregates = look === null ? [] : await aggregatesOf(look.store);
    const datasets = datasetsOf(this.#settings, runs);
    const bundles = bundlesOf(runs);
    const shipped = [...SHIPPED_ANALYSES.keys()].map((name) => shippedChoice(name, bundles));
    const analyses = [...shipped, ...bundles.map(storedChoice)];
    const lines = [...datasets.values()].map(({ spec }) => datasetChoice(spec));
    return { document: { format: 1, analyses, datasets: lines, aggregates }, datasets };
  }
}

/** Side files are offered as the last run of that name had them: without its definitions, `histograms` knows less. */
function shippedChoice(name: string, bundles: readonly BundleLine[]): AnalysisChoice {
  const params = (SHIPPED_PARAMS.get(name) ?? []).map((param) => ({ name: param, value: "" }));
  const last = bundles.find(({ analysis }) => analysis === name);
  return { analysis: name, name, run: last?.run ?? null, aggregates: [], params, inputs: last?.inputs.length ?? 0 };
}

function storedChoice({ bundle, analysis, run, aggregates, params, inputs }: BundleLine): AnalysisChoice {
  const given = typeof params === "object" && params !== null ? Object.entries(params) : [];
  const values = given.map(([name, value]) => ({ name, value: paramText(value) }));
  return { analysis: `bundle:${bundle}`, name: analysis, run, aggregates, params: values, inputs: inputs.length };
}

function datasetChoice({ name, place, layout }: DatasetSpec): DatasetChoice {
  const { dimensions, dateDimension } = compileLayout(layout);
  return { dataset: name, place: shownPlace(place), dimensions, date: dateDimension ?? null };
}

/** Configured ones by their names; others where flags of a command lead to the very same. */
function datasetsOf(
  { datasets, folder }: Pick<Settings, "datasets" | "folder">,
  runs: readonly RunSpec[],
): ReadonlyMap<string, NamedDataset> {
  const named = new Map<string, NamedDataset>();
  for (const spec of datasets) named.set(spec.name, { spec, flags: [`--data=${spec.name}`] });
  for (const { dataset: spec } of runs) {
    const { name, place, layout, records } = spec;
    if (named.has(name)) continue;
    const made = datasetFromPlace(place, folder, layout, records);
    const isSame = made.name === name && made.place === place && made.layout === layout;
    if (!isSame || spec.requesterPays === true || spec.kmsKeyId !== undefined) continue;
    named.set(name, { spec, flags: [`--data=${place}`, `--layout=${layout}`, `--records=${records}`] });
  }
  return named;
}
