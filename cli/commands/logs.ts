/**
 * `spotfold logs RUN|JOB`: how the attempts at a run's jobs ended, and what they logged (rejected records with their place,
 * what the analysis printed). For a run, jobs that went without a word are left out; a job is named `<plan>/<job>`.
 */
import type { Ledger } from "../../master/ledger/ledger.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { AttemptEnd, AttemptRecord } from "../../shared/formats/attempt.ts";
import { aggregatePrefix, attemptsPrefix, isJobId, isPlanName, jobIndex } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { findTarget, openLook } from "../compose/look.ts";
import { readRun } from "../compose/master.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { loggedAttempts, type Fate, type LoggedAttempt } from "../report/attempt-logs.ts";
import { visibleLine } from "../visible.ts";

interface Wanted {
  readonly aggregate: string;
  /** Of keys below `attempts/`. */
  readonly prefix: string;
  /** Attempts that ended well and logged nothing, too. */
  readonly all: boolean;
  /** What is said when there is nothing to tell. */
  readonly nothing: string;
}

export async function logs(name: string, options: StoreOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const { store, ledger } = await openLook(settingsOf(options, io), scope);
    const wanted = await wantedOf(store, ledger, name);
    let told = 0;
    for await (const { record, log, end } of loggedAttempts(store, wanted.aggregate, wanted.prefix)) {
      if (io.interrupts.first.aborted) return io.interrupts.exitCode();
      if (!wanted.all && log === null && typeof end === "string" && endsWell.has(end)) continue;
      told++;
      await io.out.write(`${headline(record, end)}\n`);
      if (log !== null) await io.out.write(indented(log));
    }
    if (told === 0) await io.err.write(`${wanted.nothing}\n`);
    return exitCodes.done;
  });
}

async function wantedOf(store: BlobStore, ledger: Ledger, name: string): Promise<Wanted> {
  const [plan = "", job, ...more] = name.split("/");
  if (isPlanName(plan) && more.length === 0 && (job === undefined || isJobId(job))) {
    const run = plan.slice(0, plan.lastIndexOf("."));
    const { aggregate } = await readRun(store, run);
    if (job === undefined) return ofPlan(aggregate, plan);
    const { manifest } = await ledger.read(aggregate);
    const open = manifest?.open.find((candidate) => candidate.plan === plan);
    const closed = manifest?.closed.some((candidate) => candidate.plan === plan) ?? false;
    if ((open === undefined && !closed) || (open !== undefined && jobIndex(job) >= open.jobs)) {
      throw new SpotfoldError("usage", `there is no job ${name}`, { hint: `See the run: spotfold status ${run}.` });
    }
    const nothing = closed
      ? `there is no attempt at ${name}: the run has no such job, or it was closed more than a day ago`
      : `no worker has begun with ${name} yet`;
    return { aggregate, prefix: attemptsPrefix(aggregate, plan, job), all: true, nothing };
  }
  const { aggregate, run } = await findTarget(store, name);
  if (run === null) {
    throw new SpotfoldError("usage", `${name} is an aggregate; logs are of a run or a job`, {
      hint: `See its runs: spotfold status ${name}.`,
    });
  }
  const { manifest } = await ledger.read(aggregate);
  const found = [...(manifest?.open ?? []), ...(manifest?.closed ?? [])].find((candidate) => candidate.run === run);
  if (found === undefined)
    throw new SpotfoldError("absent", `the run ${run} was not admitted yet`, { hint: "Start a master." });
  return ofPlan(aggregate, found.plan);
}

function ofPlan(aggregate: string, plan: string): Wanted {
  const prefix = `${aggregatePrefix(aggregate)}attempts/${plan}/`;
  return { aggregate, prefix, all: false, nothing: "no attempt failed, rejected a record, or printed anything" };
}

/** Nothing to tell of: the job was resolved, and whoever worked on it was there to its end. */
const endsWell: ReadonlySet<Fate> = new Set(["resolved", "lost", "unknown"]);

/** Of an attempt that wrote no end down. */
const withoutEnd: Readonly<Record<Fate, (worker: string) => string>> = {
  resolved: () => "the job is resolved",
  lost: () => "another attempt resolved the job first",
  vanished: (worker) => `vanished: worker ${worker} did not end it`,
  open: () => "no end: running, or vanished",
  unknown: () => "the job is resolved",
};

function headline({ plan, job, attempt, worker, startedAt }: AttemptRecord, end: LoggedAttempt["end"]): string {
  const start = new Date(startedAt).toISOString();
  const how = typeof end === "string" ? withoutEnd[end](worker) : failure(end);
  return `${plan}/${job}  attempt ${attempt}  ${start}  ${worker}  ${how}`;
}

function failure({ cause, reason, message, hint }: AttemptEnd): string {
  const how = `${cause} (${reason}): ${visibleLine(message)}`;
  return hint === undefined ? how : `${how}\n    ${visibleLine(hint)}`;
}

function indented(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString("utf8").trimEnd().split("\n");
  return `${lines.map((line) => `    ${line}`).join("\n")}\n`;
}
