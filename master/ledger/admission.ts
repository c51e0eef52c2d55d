/**
 * How a run comes into a ledger, or is kept out of it: admitted with its plan, refused for its lineage, cancelled before it began.
 * Pure functions from manifest to manifest, as those of operations.ts.
 *
 *   no manifest --admit--> lineage and layouts are the run's --admit--> the same, or refused
 *        |--closeUnadmitted--> blank: the next run that is admitted says what the aggregate is of
 */
import type { ClosedRun, Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import { lineageDifference, lineageOf, type RunSpec } from "../../shared/formats/run.ts";
import { emptyBitmap } from "./bitmap.ts";
import { changed, nothing, type Outcome } from "./operations.ts";

/** A manifest without contents, for the run that is the aggregate's first. */
export function emptyManifest(spec: RunSpec): Manifest {
  return {
    format: 1,
    aggregate: spec.aggregate,
    number: 0,
    epoch: 0,
    lineage: lineageOf(spec),
    layouts: {},
    renderer: rendererOf(spec),
    data: [],
    coverage: [],
    open: [],
    closed: [],
    units: {},
  };
}

function rendererOf(spec: RunSpec): Manifest["renderer"] {
  const { key, publishBy, pointer } = spec.analysis;
  return { run: spec.run, bundle: spec.bundle, columns: key.length, publishBy, pointer };
}

export interface Admission {
  readonly spec: RunSpec;
  readonly plan: string;
  readonly jobs: number;
  readonly blocks: number;
  /** The store's clock, ms. */
  readonly admittedAt: number;
}

/**
 * Nothing is in it, nothing is missing, and nobody works on it: a run that was cancelled before it began, or found nothing, does
 * not say what the aggregate is to be. Coverage never shrinks to nothing, so this does not come back.
 */
function isBlank({ data, coverage, open }: Manifest): boolean {
  return data.length === 0 && coverage.length === 0 && open.length === 0;
}

/** Whether a run may still be admitted; asked before it is planned, and again by `admit`. */
export function admissible(base: Manifest | null, spec: RunSpec): "yes" | "open" | "closed" | { differs: string } {
  if (base === null) return "yes";
  if (base.open.some((run) => run.run === spec.run)) return "open";
  if (base.closed.some((run) => run.run === spec.run)) return "closed";
  if (isBlank(base)) return "yes";
  const differs = (what: string, ours: unknown, theirs: unknown): { differs: string } => ({
    differs: `${what} is ${JSON.stringify(ours)} in the aggregate and ${JSON.stringify(theirs)} in the run`,
  });
  const difference = lineageDifference(base.lineage, lineageOf(spec));
  if (difference !== null) return differs(difference.field, difference.ours, difference.theirs);
  const { name, layout } = spec.dataset;
  // Under another layout its blocks may be of other partitions, and what covers them would not be found.
  const before = Object.hasOwn(base.layouts, name) ? base.layouts[name] : layout;
  return before === layout ? "yes" : differs(`the layout of dataset ${name}`, before, layout);
}

/** A blank manifest, as it is for a run of whatever lineage. What was published of it before counts no more when that differs. */
function ofLineage(blank: Manifest, spec: RunSpec): Manifest {
  const lineage = lineageOf(spec);
  const manifest = { ...blank, layouts: {}, units: {} };
  if (lineageDifference(blank.lineage, lineage) === null) return manifest;
  return { ...manifest, lineage, lineageSince: blank.number + 1 };
}

/** Lets a run in with the plan that was made for exactly this manifest. A run of no jobs is closed at once. */
export function admit(base: Manifest | null, admission: Admission): Outcome<"refused"> {
  const { spec, plan, jobs, blocks } = admission;
  const state = admissible(base, spec);
  if (state === "open" || state === "closed") return { outcome: "done" };
  if (state !== "yes") return { outcome: "refused" };
  const before = base === null ? emptyManifest(spec) : isBlank(base) ? ofLineage(base, spec) : base;
  const manifest = { ...before, layouts: { ...before.layouts, [spec.dataset.name]: spec.dataset.layout } };
  const number = manifest.number + 1;
  if (jobs === 0) {
    const ended = { state: "finished", closedAt: admission.admittedAt } as const;
    const line: ClosedRun = { run: spec.run, plan, admission: number, ...ended, blocks: 0, totals: nothing };
    return changed({ ...manifest, renderer: rendererOf(spec), closed: [...manifest.closed, line] });
  }
  const open: OpenRun = {
    run: spec.run,
    plan,
    dataset: spec.dataset.name,
    admission: number,
    admittedAt: admission.admittedAt,
    deadlineMs: spec.deadlineMs,
    jobs,
    blocks,
    folded: emptyBitmap(jobs),
    foldedJobs: 0,
    successors: [],
    failedJobs: 0,
    totals: nothing,
  };
  return changed({ ...manifest, renderer: rendererOf(spec), open: [...manifest.open, open] });
}

export interface EarlyEnd {
  readonly spec: RunSpec;
  /** Names a plan that nobody made. */
  readonly plan: string;
  /** The store's clock, ms. */
  readonly closedAt: number;
}

/**
 * Cancels a run that was not admitted, whatever its lineage: its id is used up, and nothing else of it stays. Its bundle is not to
 * render what others have folded. `done`: it was admitted, or closed, before.
 */
export function closeUnadmitted(base: Manifest | null, { spec, plan, closedAt }: EarlyEnd): Outcome<"done"> {
  const manifest = base ?? emptyManifest(spec);
  const { open, closed, number } = manifest;
  if ([...open, ...closed].some(({ run }) => run === spec.run)) return { outcome: "done" };
  const ended = { state: "cancelled", closedAt } as const;
  const line: ClosedRun = { run: spec.run, plan, admission: number + 1, ...ended, blocks: 0, totals: nothing };
  return changed({ ...manifest, closed: [...closed, line] });
}
