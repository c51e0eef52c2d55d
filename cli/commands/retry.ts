/**
 * `spotfold retry AGGREGATE|RUN`: a run over exactly the missing blocks, with what the store has of the analysis. It is a run
 * as any other: a master plans it against the ledger of that moment, so a block that was covered meanwhile is left out.
 */
import type { LeftOut, RunPlan } from "../../dashboard/status/action-document.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { systemClock } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { openLook } from "../compose/look.ts";
import { liveSlots, selectionOf } from "../compose/master.ts";
import { DataStores, openCatalog } from "../compose/ports.ts";
import { withScope, type Scope } from "../compose/scope.ts";
import { flagsOf, settingsOf, whereNames, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { reportingFailures } from "../report/failure.ts";
import { counted } from "../report/lines.ts";
import { retryAgain, retryOf } from "../retry/request.ts";
import { refuseLineage, syncDataset } from "../run/prepare.ts";
import { waitingTwin } from "../submit/inbox.ts";
import { planOf, tellPlan } from "../submit/plan.ts";
import { storeSpec } from "../submit/store-run.ts";

export interface RetryOptions extends StoreOptions {
  readonly reason?: string;
  readonly dataset?: string;
  readonly where?: readonly string[];
  readonly plan?: boolean;
  readonly json?: boolean;
}

export async function retry(name: string, options: RetryOptions, io: Io): Promise<number> {
  return await reportingFailures(io, options.json ?? false, async () => {
    return await withScope(async (scope) => await retryIn(scope, name, options, io));
  });
}

async function retryIn(scope: Scope, name: string, options: RetryOptions, io: Io): Promise<number> {
  const settings = settingsOf(options, io);
  const { reason, dataset, where = [], json = false } = options;
  const progress = new Progress(io.err, () => systemClock.monotonic());
  const { store, ledger } = await openLook(settings, scope);
  const deadlineMs = settings.timing.runDeadlineMs;
  const configured = settings.datasets;
  const first = await retryOf(store, ledger, { name, reason, dataset, where, configured, deadlineMs });
  refuseLineage(ledgerRules, first.manifest, first.spec);
  const catalog = await openCatalog(settings, scope);
  const { dataset: listed, filter } = first.spec;
  const data = await new DataStores(settings, scope).of(listed);
  const signal = io.interrupts.first;
  await syncDataset({ catalog, dataset: listed, data, filter, settings, progress, signal });
  const { spec, manifest, wanted } = await retryAgain(store, ledger, first);
  refuseLineage(ledgerRules, manifest, spec);
  const plan = await planOf({
    store,
    rules: ledgerRules,
    manifest,
    spec,
    selected: selectionOf(catalog, spec),
    slots: async () => await liveSlots(store, settings.timing.statusMs),
    wanted,
  });
  if (options.plan === true) {
    await tellPlan(io, json, plan);
    return exitCodes.done;
  }
  if (plan.blocks === 0) throw nothingToRetry(plan);
  signal.throwIfAborted();
  const twin = await waitingTwin(store, spec);
  const run = twin ?? spec.run;
  if (twin === null) await storeSpec(store, spec);
  if (json) await io.out.write(`${JSON.stringify({ format: 1, run, stored: twin === null, plan })}\n`);
  else {
    const how = twin === null ? "is stored" : "is the same, and waits for a master already";
    await io.out.write(
      `${run} ${how}: ${counted(plan.blocks, "missing block")} of ${spec.aggregate} to be tried again\n` +
        plan.leftOut.map(({ text }) => `  left out: ${text}\n`).join("") +
        `  to see how it goes: ${commandLine(io, ["status", run, ...flagsOf(options, whereNames)])}\n`,
    );
  }
  return exitCodes.done;
}

const cureOf: ReadonlyMap<LeftOut, string> = new Map([
  ["claimed", "Wait for open runs to end: spotfold status."],
  ["gone", "Files that are gone must come back first."],
]);

function nothingToRetry({ aggregate, leftOut }: RunPlan): SpotfoldError {
  const why = leftOut.map(({ text }) => text).join(", ");
  const cures = leftOut.flatMap((line) => cureOf.get(line.why) ?? []);
  const hint = cures.length === 0 ? "See spotfold status." : cures.join(" ");
  return new SpotfoldError(
    "nothing-selected",
    `of what is missing in ${aggregate} nothing can be tried again: ${why}`,
    { hint },
  );
}
