/**
 * `spotfold submit`: stores a run and ends; a `master` and `workers` do the work. With `--wait` it looks on until everything
 * that it selects is settled and to be seen, and ends with the exit codes of `run`.
 */
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { liveSlots, openExecutors, selectionOf } from "../compose/master.ts";
import { openCatalog, openPublished, openStoreToRead, openWorkStore, shownPlace } from "../compose/ports.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope, type Scope } from "../compose/scope.ts";
import { flagsOf, settingsOf, whereNames, type StoreOptions } from "../compose/settings.ts";
import { makeScratch } from "../compose/worker.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { reportingFailures } from "../report/failure.ts";
import { counted } from "../report/lines.ts";
import { jsonOfError, writeResult } from "../report/result.ts";
import { prepare, refuseLineage, type RequestOptions } from "../run/prepare.ts";
import { lastRunOf, reportSelection, type SelectionReport } from "../run/selection.ts";
import { waitingTwin } from "../submit/inbox.ts";
import { planOf, tellPlan } from "../submit/plan.ts";
import { waitUntilPublished } from "../submit/published.ts";
import { storeRun } from "../submit/store-run.ts";
import { waitForRun } from "../submit/wait.ts";

export interface SubmitOptions extends RequestOptions, StoreOptions {
  readonly wait?: boolean;
  /** Says what would be admitted, and ends. */
  readonly plan?: boolean;
  readonly json?: boolean;
}

export async function submit(analysis: string, options: SubmitOptions, io: Io): Promise<number> {
  return await reportingFailures(io, options.json ?? false, async () => {
    return await withScope(async (scope) => await submitIn(scope, analysis, options, io));
  });
}

async function submitIn(scope: Scope, analysis: string, options: SubmitOptions, io: Io): Promise<number> {
  if (options.plan === true && options.wait === true) {
    throw new SpotfoldError("usage", "--plan stores nothing that --wait could wait for", { hint: "Keep one." });
  }
  const startedAt = systemClock.monotonic();
  const settings = settingsOf(options, io);
  const progress = new Progress(io.err, () => systemClock.monotonic());
  const scratch = await makeScratch(settings, newProcessName(systemRandom), scope);
  const executors = openExecutors(settings, scratch);
  const catalog = await openCatalog(settings, scope);
  const signal = io.interrupts.first;
  const prepared = await prepare({ analysis, options, settings, catalog, executors, scratch, progress, signal, scope });
  const store = await (options.plan === true ? openStoreToRead : openWorkStore)(settings, scope);
  const ledger = new Ledger(store, systemRandom);
  const { spec } = prepared;
  const { manifest } = await ledger.read(spec.aggregate);
  refuseLineage(ledgerRules, manifest, spec);
  if (options.plan === true) {
    const slots = async (): Promise<number> => await liveSlots(store, settings.timing.statusMs);
    const selected = selectionOf(catalog, spec);
    await tellPlan(
      io,
      options.json ?? false,
      await planOf({ store, rules: ledgerRules, manifest, spec, selected, slots, unmatched: prepared.unmatched }),
    );
    return exitCodes.done;
  }
  const report = async (now: Manifest | null): Promise<SelectionReport> =>
    await reportSelection({
      context: { store, rules: ledgerRules },
      manifest: now,
      dataset: prepared.dataset.name,
      reprocess: spec.reprocess,
      blocks: selectionOf(catalog, spec),
    });
  const before = await report(manifest);
  signal.throwIfAborted();
  // The same, submitted before and not seen by a master yet, will admit what this one would.
  const twin = before.free > 0 ? await waitingTwin(store, spec) : null;
  const run = twin ?? (before.free > 0 ? spec.run : null);
  if (run !== null && twin === null) await storeRun(store, prepared.checked, spec);
  if (options.wait !== true) {
    await told(io, options, { aggregate: spec.aggregate, run, stored: run !== null && twin === null }, before);
    return exitCodes.done;
  }
  if (twin !== null) progress.say(`${twin} is the same, and waits for a master already`);
  const after = await waitForRun({
    store,
    ledger,
    run,
    aggregate: spec.aggregate,
    place: prepared.dataset.place,
    timing: settings.timing,
    report,
    io,
    progress,
    clock: systemClock,
    random: systemRandom,
  });
  if (after === null) {
    progress.clear();
    return await leave(io, options, { run, aggregate: spec.aggregate });
  }
  const { manifest: settled } = await ledger.read(spec.aggregate);
  progress.show("waiting for a master to publish it");
  const isPublished = await waitUntilPublished({
    open: async () => await openPublished(settings, scope),
    manifest: settled,
    waitMs: settings.timing.heldMs,
    clock: systemClock,
    signal,
  });
  if (!isPublished) progress.say("it is counted, and not seen published yet; a master sees to that");
  progress.clear();
  return await writeResult(io, options.json ?? false, {
    run: run ?? lastRunOf(settled),
    aggregate: spec.aggregate,
    dataset: prepared.dataset,
    report: after,
    seconds: (systemClock.monotonic() - startedAt) / 1000,
    where: flagsOf(options, whereNames),
    published: isPublished
      ? { folder: `${shownPlace(settings.web)}/${spec.aggregate}`, pointer: spec.analysis.pointer }
      : null,
  });
}

/** Ctrl-C ends the waiting and nothing else: says how to follow what goes on. */
async function leave(
  io: Io,
  options: SubmitOptions,
  { run, aggregate }: { readonly run: string | null; readonly aggregate: string },
): Promise<number> {
  const follow = commandLine(io, ["status", run ?? aggregate, "--watch", ...flagsOf(options, whereNames)]);
  const again = commandLine(io, io.words);
  const what = run === null ? `what is open in ${aggregate} goes on` : `${run} goes on`;
  await io.err.write(`${what} without this command\n  to follow it:  ${follow}\n  to wait again: ${again}\n`);
  const error = new SpotfoldError("interrupted", `The command was stopped; ${what}.`, {
    hint: `To follow it: ${follow}. To wait again: ${again}`,
  });
  if (options.json === true) await io.out.write(`${JSON.stringify(jsonOfError(io, error))}\n`);
  return io.interrupts.exitCode();
}

async function told(
  io: Io,
  options: SubmitOptions,
  { aggregate, run, stored }: { readonly aggregate: string; readonly run: string | null; readonly stored: boolean },
  { free, waiting }: SelectionReport,
): Promise<void> {
  const blocks = `${counted(free, "block")} for ${aggregate}`;
  const text =
    run === null
      ? `nothing is new in ${aggregate}${waiting > 0 ? `; ${counted(waiting, "block")} to go in open runs` : ""}\n`
      : `${run} ${stored ? "is stored" : "is the same, and waits for a master already"}: ${blocks}\n` +
        `  to see how it goes: ${commandLine(io, ["status", run, ...flagsOf(options, whereNames)])}\n`;
  if (options.json === true)
    await io.out.write(`${JSON.stringify({ format: 1, run, stored, aggregate, blocks: { free, waiting } })}\n`);
  else await io.out.write(text);
}
