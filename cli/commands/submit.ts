/**
 * `spotfold submit`: stores a run and ends; a `master` and `workers` do the work. With `--wait` it looks on until everything
 * that it selects is settled, and ends with the exit codes of `run`.
 */
import type { MasterContext } from "../../master/context.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { holdSchema } from "../../shared/formats/hold.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { holdKey, inboxKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import { openExecutors, selectionOf } from "../compose/master.ts";
import { folderOf, openCatalog, openWorkStore } from "../compose/ports.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope, type Scope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import { heldError } from "../held-error.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { reportingFailures } from "../report/failure.ts";
import { counted, countText } from "../report/lines.ts";
import { writeResult } from "../report/result.ts";
import { heldRun } from "../run/drive.ts";
import { prepare, refuseLineage, type Prepared, type RequestOptions } from "../run/prepare.ts";
import { reportSelection, type SelectionReport } from "../run/selection.ts";
import { storeRun } from "../submit/store-run.ts";

export interface SubmitOptions extends RequestOptions, StoreOptions {
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Between two looks at the head while waiting. */
const lookMs = 500;

export async function submit(analysis: string, options: SubmitOptions, io: Io): Promise<number> {
  return await reportingFailures(io, options.json ?? false, async () => {
    return await withScope(async (scope) => await submitIn(scope, analysis, options, io));
  });
}

async function submitIn(scope: Scope, analysis: string, options: SubmitOptions, io: Io): Promise<number> {
  const startedAt = systemClock.monotonic();
  const settings = settingsOf(options, io);
  const progress = new Progress(io.err, () => systemClock.monotonic());
  const executors = await openExecutors(settings, newProcessName(systemRandom), scope);
  const catalog = await openCatalog(settings, scope);
  const signal = io.interrupts.first;
  const prepared = await prepare({ analysis, options, settings, catalog, executors, progress, signal, scope });
  const store = await openWorkStore(settings, scope);
  const ledger = new Ledger(store, systemRandom);
  const { spec } = prepared;
  const { manifest } = await ledger.read(spec.aggregate);
  refuseLineage(ledgerRules, manifest, spec);
  const report = async (now: Manifest | null): Promise<SelectionReport> =>
    await reportSelection({
      context: { store, rules: ledgerRules },
      manifest: now,
      dataset: prepared.dataset.name,
      reprocess: spec.reprocess,
      blocks: selectionOf(catalog, spec),
    });
  const before = await report(manifest);
  if (before.free > 0) await storeRun(store, prepared.checked, spec);
  const run = before.free > 0 ? spec.run : null;
  if (options.wait !== true) {
    await told(io, options, prepared, run, before);
    return exitCodes.done;
  }
  const after = await waited({
    store,
    ledger,
    run,
    aggregate: spec.aggregate,
    heldMs: settings.timing.heldMs,
    report,
    io,
    progress,
  });
  progress.clear();
  if (after === null) return io.interrupts.exitCode();
  return await writeResult(io, options.json ?? false, {
    run,
    aggregate: spec.aggregate,
    dataset: prepared.dataset,
    report: after,
    seconds: (systemClock.monotonic() - startedAt) / 1000,
    published: { folder: `${folderOf(settings.web)}/${spec.aggregate}`, pointer: spec.analysis.pointer },
  });
}

async function told(
  io: Io,
  options: SubmitOptions,
  { spec }: Prepared,
  run: string | null,
  { free, waiting }: SelectionReport,
): Promise<void> {
  const { aggregate } = spec;
  const text =
    run === null
      ? `nothing is new in ${aggregate}${waiting > 0 ? `; ${counted(waiting, "block")} to go in open runs` : ""}\n`
      : `${run} is stored: ${counted(free, "block")} for ${aggregate}\n  to see how it goes: ${commandLine(["status", run])}\n`;
  if (options.json === true)
    await io.out.write(`${JSON.stringify({ format: 1, run, aggregate, blocks: { free, waiting } })}\n`);
  else await io.out.write(text);
}

interface WaitInput {
  readonly store: MasterContext["store"];
  readonly ledger: Ledger;
  readonly run: string | null;
  readonly aggregate: string;
  readonly heldMs: number;
  readonly report: (manifest: Manifest | null) => Promise<SelectionReport>;
  readonly io: Io;
  readonly progress: Progress;
}

/** Null when it was interrupted: the run goes on without us. */
async function waited(input: WaitInput): Promise<SelectionReport | null> {
  const { store, ledger, run, aggregate, heldMs, report, io, progress } = input;
  let seen = -1;
  let from: number | null = null;
  for (;;) {
    const { manifest, storeTime } = await ledger.read(aggregate);
    from ??= storeTime;
    const isIn = run === null || (await isAdmitted(store, manifest, run));
    const closed = manifest?.closed.length ?? 0;
    if (isIn && closed !== seen) {
      const now = await report(manifest);
      if (now.waiting === 0) return now;
      seen = closed;
    }
    const hold = await heldRun(store, { open: manifest?.open ?? [], heldMs, from });
    if (hold !== null) throw heldError(hold, `To wait again: ${commandLine(io.words)}`);
    progress.show(isIn ? progressText(manifest) : "waiting for a master to admit the run");
    await systemClock.sleep(lookMs, io.interrupts.first);
    if (io.interrupts.first.aborted) {
      progress.say(`the run goes on; to wait again: ${commandLine(io.words)}`);
      return null;
    }
  }
}

/** Throws when it was refused. */
async function isAdmitted(store: MasterContext["store"], manifest: Manifest | null, run: string): Promise<boolean> {
  const known = [...(manifest?.open ?? []), ...(manifest?.closed ?? [])].some((candidate) => candidate.run === run);
  if (known) return true;
  if ((await store.head(inboxKey(run))) !== null) return false;
  const blob = await readAll(store, holdKey(run));
  if (blob === null) return false;
  const { what, hint } = parseStored(holdKey(run), blob.bytes, holdSchema);
  throw new SpotfoldError("lineage-differs", what, { hint });
}

function progressText(manifest: Manifest | null): string {
  const open = manifest?.open ?? [];
  const sum = (of: (totals: { covered: number; missing: number }) => number): number =>
    open.reduce((total, { totals }) => total + of(totals), 0);
  const blocks = open.reduce((total, run) => total + run.blocks, 0);
  return `${countText(sum((totals) => totals.covered + totals.missing))} of ${counted(blocks, "block")}, ${countText(sum((totals) => totals.missing))} missing so far`;
}
