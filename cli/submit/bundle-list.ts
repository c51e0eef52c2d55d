/**
 * Which bundles there are, by the runs that were submitted with them: a bundle itself does not say what it is. The newest
 * runs are looked at; one list, and a read for each of them.
 */
import type { RunSpec } from "../../shared/formats/run.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRunIfKnown } from "../../shared/read-run.ts";

/** Runs that are looked at: a store of years has more, and nobody picks an analysis by its two-hundredth last run. */
export const runsLookedAtMax = 200;
/** Read at the same time. */
const readsMax = 16;
const runsPrefix = "runs/";

export interface BundleLine {
  readonly bundle: string;
  readonly analysis: string;
  readonly key: readonly string[];
  /** Of its last run, as are parameters and side files. */
  readonly run: string;
  readonly params: unknown;
  readonly inputs: readonly string[];
  /** Names. */
  readonly aggregates: readonly string[];
  /** That were looked at. */
  readonly runs: number;
}

/** The last runs, newest first. What a newer version wrote is left out. */
export async function lastRuns(store: BlobStore): Promise<readonly RunSpec[]> {
  const names: string[] = [];
  for await (const page of store.list(runsPrefix, { shallow: true })) {
    names.push(...page.prefixes.map((prefix) => prefix.slice(runsPrefix.length, -1)));
    // Names begin with the time: the last ones are the newest.
    names.splice(0, names.length - runsLookedAtMax);
  }
  const specs: RunSpec[] = [];
  for (let at = 0; at < names.length; at += readsMax) {
    const some = await Promise.all(names.slice(at, at + readsMax).map(async (run) => await readRunIfKnown(store, run)));
    specs.push(...some.filter((spec) => spec !== null));
  }
  // Names have seconds only.
  return specs.toSorted((a, b) => b.submittedAt - a.submittedAt);
}

/** Of `lastRuns`: in the order of their last use. */
export function bundlesOf(runs: readonly RunSpec[]): readonly BundleLine[] {
  const lines = new Map<string, BundleLine>();
  for (const { bundle, analysis, run, params, inputs, aggregate } of runs) {
    const known = lines.get(bundle);
    if (known === undefined) {
      const names = inputs.map(({ name }) => name);
      const { name, key } = analysis;
      lines.set(bundle, { bundle, analysis: name, key, run, params, inputs: names, aggregates: [aggregate], runs: 1 });
    } else {
      const aggregates = [...new Set([...known.aggregates, aggregate])];
      lines.set(bundle, { ...known, aggregates, runs: known.runs + 1 });
    }
  }
  return [...lines.values()];
}
