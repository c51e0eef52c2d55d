/**
 * The commits on a head, as pure functions from manifest to manifest. Each is idempotent by effect: applied to a manifest
 * that has its effect already, it answers `done`; so a commit whose reply was lost is simply tried again. None looks at a
 * clock or a store. `number` and `epoch` are set by the commit loop (ledger.ts), except that `collect` raises the epoch. How runs
 * come in is in admission.ts.
 */
import { sumOfCounts } from "../../shared/formats/coverage.ts";
import type {
  ClosedState,
  CoverageSegment,
  DataSegment,
  Manifest,
  OpenRun,
  RunTotals,
} from "../../shared/formats/ledger.ts";
import { jobIndex, successorIds } from "../../shared/names.ts";
import { hasBitOf, withBits } from "./bitmap.ts";

export type Outcome<T extends string> =
  { readonly outcome: "changed"; readonly manifest: Manifest } | { readonly outcome: T | "done" };

export const changed = (manifest: Manifest): { outcome: "changed"; manifest: Manifest } => ({
  outcome: "changed",
  manifest,
});

/** Totals of a run before its first job is in. */
export const nothing: RunTotals = { covered: 0, missing: 0, records: 0, rejected: {} };

/** One resolved job, ready to be entered. */
export interface Entry {
  readonly job: string;
  readonly segment: DataSegment | null;
  readonly units: readonly string[];
  /** Number of groups handed on. */
  readonly groups: number;
  readonly failed: boolean;
  readonly totals: RunTotals;
}

/** Whether a job of an open run may be entered: known, and not entered yet. A successor is known once its parent is in. */
export function isEnterable(run: OpenRun, job: string): boolean {
  if (job.includes(".")) return run.successors.includes(job);
  return jobIndex(job) < run.jobs && !hasBitOf(run.folded, jobIndex(job));
}

/**
 * Enters resolved jobs: their segments, their coverage, their successors. All of `entries` must be enterable in `base`, and
 * `coverage` must hold exactly their blocks: the caller selects them from the same manifest, else the answer is `conflict`.
 */
export function enter(
  base: Manifest,
  plan: string,
  entries: readonly Entry[],
  coverage: CoverageSegment | null,
): Outcome<"conflict"> {
  const run = base.open.find((candidate) => candidate.plan === plan);
  const entered = new Set(entries.map((entry) => entry.job));
  if (run === undefined || entered.size < entries.length) return { outcome: "conflict" };
  if (!entries.every((entry) => isEnterable(run, entry.job))) return { outcome: "conflict" };
  if (entries.length === 0) return { outcome: "done" };
  const number = base.number + 1;
  const primary = entries.filter((entry) => !entry.job.includes("."));
  const next: OpenRun = {
    ...run,
    folded: withBits(
      run.folded,
      primary.map((entry) => jobIndex(entry.job)),
    ),
    foldedJobs: run.foldedJobs + primary.length,
    successors: [
      ...run.successors.filter((job) => !entered.has(job)),
      ...entries.flatMap((entry) => successorIds(entry.job, entry.groups)),
    ],
    failedJobs: run.failedJobs + entries.filter((entry) => entry.failed).length,
    totals: entries.reduce((sum, entry) => addTotals(sum, entry.totals), run.totals),
  };
  const touched = entries.flatMap((entry) => entry.units.map((unit) => [unit, number] as const));
  return changed({
    ...base,
    data: [...base.data, ...entries.flatMap((entry) => (entry.segment === null ? [] : [entry.segment]))],
    coverage: coverage === null ? base.coverage : [...base.coverage, coverage],
    open: base.open.map((candidate) => (candidate.plan === plan ? next : candidate)),
    units: Object.fromEntries([...Object.entries(base.units), ...touched]),
  });
}

function addTotals(a: RunTotals, b: RunTotals): RunTotals {
  return {
    covered: a.covered + b.covered,
    missing: a.missing + b.missing,
    records: a.records + b.records,
    rejected: sumOfCounts([a.rejected, b.rejected]),
  };
}

/** All jobs of the plan and all their successors are entered. */
export function isComplete(run: OpenRun): boolean {
  return run.foldedJobs === run.jobs && run.successors.length === 0;
}

/** Ends a run. What it did not cover is given back: nothing else holds those blocks. `closedAt`: the store's clock, ms. */
export function close(
  base: Manifest,
  run: string,
  state: ClosedState,
  closedAt?: number,
): Outcome<"incomplete" | "unknown"> {
  const open = base.open.find((candidate) => candidate.run === run);
  if (open === undefined) {
    return { outcome: base.closed.some((closed) => closed.run === run) ? "done" : "unknown" };
  }
  if (state === "finished" && !isComplete(open)) return { outcome: "incomplete" };
  const { plan, admission, blocks, totals } = open;
  return changed({
    ...base,
    open: base.open.filter((candidate) => candidate.run !== run),
    closed: [
      ...base.closed,
      { run, plan, admission, state, ...(closedAt === undefined ? {} : { closedAt }), blocks, totals },
    ],
  });
}

/** Puts a merged segment in the place of the slices (of one partition) that it was merged from. Changes no answer. */
export function replaceSlices(
  base: Manifest,
  partition: string,
  inputs: readonly string[],
  output: DataSegment | null,
): Outcome<"conflict"> {
  const wanted = new Set(inputs);
  const present = base.data.filter((segment) => wanted.has(segment.key) && segment.partitions.includes(partition));
  if (output !== null && base.data.some((segment) => segment.key === output.key)) return { outcome: "done" };
  if (present.length !== wanted.size) return { outcome: "conflict" };
  const rest = base.data.flatMap((segment) => {
    if (!wanted.has(segment.key)) return [segment];
    const partitions = segment.partitions.filter((candidate) => candidate !== partition);
    return partitions.length === 0 ? [] : [{ ...segment, partitions }];
  });
  return changed({ ...base, data: output === null ? rest : [...rest, output] });
}

/** The same for coverage segments, which are merged whole. */
export function replaceCoverage(
  base: Manifest,
  inputs: readonly string[],
  output: CoverageSegment,
): Outcome<"conflict"> {
  const wanted = new Set(inputs);
  if (base.coverage.some((segment) => segment.key === output.key)) return { outcome: "done" };
  if (base.coverage.filter((segment) => wanted.has(segment.key)).length !== wanted.size) return { outcome: "conflict" };
  return changed({ ...base, coverage: [...base.coverage.filter((segment) => !wanted.has(segment.key)), output] });
}

/** Begins a new epoch: every commit that was begun before it starts over, under new names. */
export function collect(base: Manifest): { readonly outcome: "changed"; readonly manifest: Manifest } {
  return changed({ ...base, epoch: base.epoch + 1 });
}

/** Every object that a manifest names. */
export function namedObjects(manifest: Manifest): Set<string> {
  return new Set([...manifest.data.map((segment) => segment.key), ...manifest.coverage.map((segment) => segment.key)]);
}
