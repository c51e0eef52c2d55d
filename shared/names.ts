/**
 * Where everything of Spotfold lies in the work store, and what ids look like. Keys are made here and nowhere else.
 *
 *   bundles/<sha256>                         created once, never deleted by itself
 *   inputs/<sha256>                          side files, likewise
 *   runs/<run>/run.json                      created once by the submitter
 *   runs/<run>/hold.json                     swapped: why the run stands still
 *   runs/<run>/sent.json                     the master's send cursor: a hint
 *   inbox/<run>                              written last by submit, swapped: why it waits; deleted after admission
 *   workers/<id>                             status, owned by one worker
 *   master/lease                             which master works
 *   aggregates/<a>/head                      swapped; the only object of an aggregate that is replaced
 *   aggregates/<a>/manifests/<number>-<rand> immutable, like everything below
 *   aggregates/<a>/plans/<plan>
 *   aggregates/<a>/data/<rand>               compacted segments
 *   aggregates/<a>/coverage/<rand>
 *   aggregates/<a>/attempts/<plan>/<job>/<attempt>/{record,segment,log}
 *   aggregates/<a>/resolutions/<plan>/<job>  created once
 *   aggregates/<a>/garbage                   what the collector has marked
 */
import { SpotfoldError } from "./errors.ts";

/** Runs, aggregates, datasets: lower-case, so that they are file names and URL parts everywhere. */
const idPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const planPattern = /^[a-z0-9][a-z0-9-]{0,62}\.[0-9a-f]{12}$/;
const jobPattern = /^[0-9]{6}(?:\.[1-9][0-9]{0,3})*$/;
const sha256Pattern = /^[0-9a-f]{64}$/;
const attemptPattern = /^[0-9a-f]{16}$/;

/** Six digits in a job's id: more jobs than that need bigger jobs. */
export const jobsPerPlanMax = 1_000_000;

/** How often a job may be handed on in a row before the rest is given up: bounds names and chains. */
export const handOnDepthMax = 32;

export function isId(text: string): boolean {
  return idPattern.test(text);
}

export function checkId(what: string, text: string): string {
  if (idPattern.test(text)) return text;
  throw new SpotfoldError("usage", `${what} ${JSON.stringify(text)} is not a valid name`, {
    hint: "Use 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit.",
  });
}

export function isPlanName(text: string): boolean {
  return planPattern.test(text);
}

export function isJobId(text: string): boolean {
  return jobPattern.test(text);
}

export function isAttemptId(text: string): boolean {
  return attemptPattern.test(text);
}

export function isSha256(text: string): boolean {
  return sha256Pattern.test(text);
}

/** The id of the plan's n-th job, from 0. */
export function jobId(index: number): string {
  return String(index).padStart(6, "0");
}

/** The job that `job` descends from (itself, when it is no successor), as its position in the plan. */
export function jobIndex(job: string): number {
  return Number(job.slice(0, 6));
}

/** Ids of the jobs that a resolution with so many groups of `remaining` hands on to. */
export function successorIds(job: string, groups: number): string[] {
  return Array.from({ length: groups }, (_, i) => `${job}.${i + 1}`);
}

/** Hand-ons that lie behind a job: 0 for a job of the plan. */
export function handOnDepth(job: string): number {
  return job.split(".").length - 1;
}

export const masterLeaseKey = "master/lease";
export const inboxPrefix = "inbox/";
export const aggregatesPrefix = "aggregates/";
export const workersPrefix = "workers/";

export const bundleKey = (sha256: string): string => `bundles/${sha256}`;
export const inputKey = (sha256: string): string => `inputs/${sha256}`;
export const runKey = (run: string): string => `runs/${run}/run.json`;
export const holdKey = (run: string): string => `runs/${run}/hold.json`;
export const sentKey = (run: string): string => `runs/${run}/sent.json`;
export const inboxKey = (run: string): string => `${inboxPrefix}${run}`;
export const workerKey = (worker: string): string => `${workersPrefix}${worker}`;

export const aggregatePrefix = (aggregate: string): string => `${aggregatesPrefix}${aggregate}/`;
export const headKey = (aggregate: string): string => `${aggregatesPrefix}${aggregate}/head`;
export const garbageKey = (aggregate: string): string => `${aggregatesPrefix}${aggregate}/garbage`;
export const manifestKey = (aggregate: string, number: number, random: string): string =>
  `${aggregatesPrefix}${aggregate}/manifests/${String(number).padStart(10, "0")}-${random}`;
export const planKey = (aggregate: string, plan: string): string => `${aggregatesPrefix}${aggregate}/plans/${plan}`;
export const dataKey = (aggregate: string, random: string): string => `${aggregatesPrefix}${aggregate}/data/${random}`;
export const coverageKey = (aggregate: string, random: string): string =>
  `${aggregatesPrefix}${aggregate}/coverage/${random}`;
export const resolutionsPrefix = (aggregate: string, plan: string): string =>
  `${aggregatesPrefix}${aggregate}/resolutions/${plan}/`;
export const resolutionKey = (aggregate: string, plan: string, job: string): string =>
  resolutionsPrefix(aggregate, plan) + job;
/** All attempts of all jobs of a plan. */
export const planAttemptsPrefix = (aggregate: string, plan: string): string =>
  `${aggregatesPrefix}${aggregate}/attempts/${plan}/`;

/** All attempts of one job; the trailing slash keeps `000042` and `000042.1` apart. */
export const attemptsPrefix = (aggregate: string, plan: string, job: string): string =>
  `${planAttemptsPrefix(aggregate, plan)}${job}/`;

export type AttemptPart = "record" | "segment" | "log";
export const attemptKey = (aggregate: string, plan: string, job: string, attempt: string, part: AttemptPart): string =>
  `${attemptsPrefix(aggregate, plan, job)}${attempt}/${part}`;
