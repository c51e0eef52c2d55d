/**
 * `spotfold logs RUN|JOB`: how the attempts at a run's jobs ended, and what they logged (rejected records with their place,
 * what the analysis printed). For a run, jobs that went without a word are left out; a job is named `<plan>/<job>`.
 */
import type { Ledger } from "../../master/ledger/ledger.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { attemptSchema, type AttemptRecord } from "../../shared/formats/attempt.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import {
  aggregatesPrefix,
  attemptKey,
  attemptsPrefix,
  isJobId,
  isPlanName,
  resolutionKey,
} from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { findTarget, openLook } from "../compose/look.ts";
import { readRun } from "../compose/master.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { visibleLine } from "../visible.ts";

interface Wanted {
  readonly aggregate: string;
  /** Of keys below `attempts/`. */
  readonly prefix: string;
  /** Attempts that ended well and logged nothing, too. */
  readonly all: boolean;
}

export async function logs(name: string, options: StoreOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const { store, ledger } = await openLook(settingsOf(options, io), scope);
    const wanted = await wantedOf(store, ledger, name);
    let told = 0;
    for await (const page of store.list(wanted.prefix)) {
      for (const { key } of page.blobs) {
        if (io.interrupts.first.aborted) return io.interrupts.exitCode();
        if (!key.endsWith("/record")) continue;
        const blob = await readAll(store, key);
        if (blob === null) continue;
        const record = parseStored(key, blob.bytes, attemptSchema);
        const log = await readAll(store, attemptKey(wanted.aggregate, record.plan, record.job, record.attempt, "log"));
        const resolved = (await store.head(resolutionKey(wanted.aggregate, record.plan, record.job))) !== null;
        if (!wanted.all && log === null && (record.end === null ? resolved : false)) continue;
        told++;
        await io.out.write(`${headline(record, resolved)}\n`);
        if (log !== null && log.bytes.length > 0) await io.out.write(indented(log.bytes));
      }
    }
    if (told === 0) await io.err.write("no attempt failed, rejected a record, or printed anything\n");
    return exitCodes.done;
  });
}

async function wantedOf(store: BlobStore, ledger: Ledger, name: string): Promise<Wanted> {
  const [plan = "", job = "", ...more] = name.split("/");
  if (isPlanName(plan) && isJobId(job) && more.length === 0) {
    const { aggregate } = await readRun(store, plan.slice(0, plan.lastIndexOf(".")));
    return { aggregate, prefix: attemptsPrefix(aggregate, plan, job), all: true };
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
  return { aggregate, prefix: `${aggregatesPrefix}${aggregate}/attempts/${found.plan}/`, all: false };
}

function headline({ plan, job, attempt, worker, startedAt, end }: AttemptRecord, resolved: boolean): string {
  const start = new Date(startedAt).toISOString();
  const how =
    end === null
      ? resolved
        ? "the job is resolved"
        : "no end: running, or vanished"
      : `${end.cause} (${end.reason}): ${visibleLine(end.message)}`;
  const hint = end?.hint === undefined ? "" : `\n    ${visibleLine(end.hint)}`;
  return `${plan}/${job}  attempt ${attempt}  ${start}  ${worker}  ${how}${hint}`;
}

function indented(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString("utf8").trimEnd().split("\n");
  return `${lines.map((line) => `    ${line}`).join("\n")}\n`;
}
