/**
 * The attempts at a run's jobs that somebody may want to know of: of jobs that were tried more than once, that logged, or that
 * have no output. Which they are is told by the list of keys; only they are read, and not more than `jobsShownMax`.
 *
 * Requests, when somebody looks at a run: one for each 1,000 keys (at most `keysMax`), and about four for each job that is shown.
 */
import type { AttemptLine, AttemptsDocument } from "../../dashboard/status/document.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { isId, planAttemptsPrefix } from "../../shared/names.ts";
import { findTarget, type Look } from "../compose/look.ts";
import { jobsBelow, readJobs, type JobKeys, type LoggedAttempt } from "../report/attempt-logs.ts";

/** Jobs whose attempts are read. */
export const jobsShownMax = 40;
/** Of keys that are looked through: 20 requests of a bucket. `spotfold logs` looks through all. */
const keysMax = 20_000;
/** Of one attempt's log; `spotfold logs` prints all of it. */
const logBytesMax = 16 * 1024;

/** Throws `usage` for a run that there is none of. */
export async function readAttempts({ store, ledger }: Look, run: string): Promise<AttemptsDocument> {
  const target = isId(run) ? await findTarget(store, run) : null;
  if (target === null || target.run === null) throw new SpotfoldError("usage", "there is no such run");
  const { manifest } = await ledger.read(target.aggregate);
  const found = [...(manifest?.open ?? []), ...(manifest?.closed ?? [])].find((candidate) => candidate.run === run);
  if (found === undefined) return { format: 1, run, jobs: 0, more: false, attempts: [] };
  const telling: JobKeys[] = [];
  let [jobs, keys] = [0, 0];
  for await (const job of jobsBelow(store, target.aggregate, planAttemptsPrefix(target.aggregate, found.plan))) {
    jobs++;
    keys += job.keys.length;
    if (tells(job)) telling.push(job);
    if (keys >= keysMax) break;
  }
  const shown = telling.toSorted((a, b) => records(b) - records(a)).slice(0, jobsShownMax);
  const attempts = await readJobs(store, target.aggregate, shown);
  const lines = attempts.map(lineOf).toSorted((a, b) => b.startedAt - a.startedAt);
  return { format: 1, run, jobs, more: telling.length > shown.length || keys >= keysMax, attempts: lines };
}

function records({ keys }: JobKeys): number {
  return keys.filter((key) => key.endsWith("/record")).length;
}

function tells(job: JobKeys): boolean {
  const has = (part: string): boolean => job.keys.some((key) => key.endsWith(part));
  return records(job) > 1 || has("/log") || !has("/segment");
}

function lineOf({ record, log, end }: LoggedAttempt): AttemptLine {
  const { plan, job, attempt, worker, startedAt } = record;
  const failed = typeof end === "string" ? null : end;
  return {
    plan,
    job,
    attempt,
    worker,
    startedAt,
    outcome: typeof end === "string" ? end : "failed",
    failure:
      failed === null
        ? null
        : { cause: failed.cause, reason: failed.reason, message: failed.message, hint: failed.hint ?? null },
    log: log === null ? null : Buffer.from(log.subarray(0, logBytesMax)).toString("utf8"),
    isLogCut: log !== null && log.length > logBytesMax,
  };
}
