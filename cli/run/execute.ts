/**
 * What `run` does: the process is the master of one aggregate; a child process is its worker.
 *
 *   list, check -> look at the aggregate -> submit what is free (or join, or find nothing new) -> drive -> publish -> report
 */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { normaliseStorePlace } from "../../shared/dataset/place.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { syncCatalog } from "../../shared/catalog/sync.ts";
import { Master } from "../../master/master.ts";
import type { MasterContext } from "../../master/context.ts";
import { admitRun } from "../../master/passes/admit.ts";
import type { AnyEvent } from "../compose/log.ts";
import { masterContext, openExecutors, selectionOf } from "../compose/master.ts";
import { DataStores, openCatalog, openQueues, openWebStore, openWorkStore, shownPlace } from "../compose/ports.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope, type Scope } from "../compose/scope.ts";
import { checkPublishable, publishingStore } from "../compose/web-store.ts";
import { flagsOf, settingsOf, whereNames, type StoreOptions } from "../compose/settings.ts";
import { makeScratch } from "../compose/worker.ts";
import { exitCodes } from "../exit-codes.ts";
import { heldError } from "../held-error.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import type { RunResult } from "../report/result.ts";
import { counted } from "../report/lines.ts";
import { Crew } from "./crew.ts";
import { releaseDeadWorkers } from "./dead-workers.ts";
import { drive, type DriveEnd } from "./drive.ts";
import { prepare, refuseLineage, type Prepared, type RequestOptions } from "./prepare.ts";
import { RunProgress } from "./run-progress.ts";
import { publishAtEnd } from "./publish.ts";
import { reportInterrupt } from "../report/failure.ts";
import { lastRunOf, reportSelection, type SelectionReport } from "./selection.ts";
import { Trouble } from "./trouble.ts";
import { storeRun } from "../submit/store-run.ts";

export interface RunOptions extends RequestOptions, StoreOptions {
  readonly out?: string;
  readonly slots?: string | number;
  readonly json?: boolean;
  readonly check?: boolean;
}

/** A code when the command ends without a result: checked only, or interrupted. */
export type RunOutcome = { readonly code: number } | { readonly result: RunResult };

/** Does everything but telling the result. Throws what failed. */
export async function executeRun(analysis: string, options: RunOptions, io: Io): Promise<RunOutcome> {
  return await withScope(async (scope) => await new RunCommand(analysis, options, io, scope).run());
}

class RunCommand {
  readonly #analysis: string;
  readonly #options: RunOptions;
  readonly #io: Io;
  readonly #scope: Scope;
  readonly #progress: Progress;
  readonly #startedAt = systemClock.monotonic();
  #publishFailed = "";

  constructor(analysis: string, options: RunOptions, io: Io, scope: Scope) {
    this.#analysis = analysis;
    this.#options = options;
    this.#io = io;
    this.#scope = scope;
    this.#progress = new Progress(io.err, () => systemClock.monotonic());
  }

  async run(): Promise<RunOutcome> {
    try {
      return await this.#run();
    } finally {
      this.#progress.clear();
    }
  }

  async #run(): Promise<RunOutcome> {
    const options = this.#options;
    const scope = this.#scope;
    const settings = settingsOf(options, this.#io);
    const id = newProcessName(systemRandom);
    const scratch = await makeScratch(settings, id, scope);
    const executors = openExecutors(settings, scratch);
    const catalog = await openCatalog(settings, scope);
    const prepared = await prepare({
      analysis: this.#analysis,
      options,
      settings,
      catalog,
      executors,
      scratch,
      progress: this.#progress,
      signal: this.#io.interrupts.first,
      scope,
      ...(options.out === undefined ? {} : { out: this.#webPlace(settings) }),
    });
    if (options.check === true) return { code: await this.#checked(prepared) };
    const store = await openWorkStore(settings, scope);
    const webStore = await openWebStore(this.#webPlace(settings), settings, scope);
    await checkPublishable(webStore, systemRandom);
    const web = publishingStore(webStore);
    const queues = await openQueues(settings, scope);
    const log = (event: AnyEvent): void => this.#log(event);
    const data = new DataStores(settings, scope);
    const listFor = async (spec: RunSpec): Promise<void> => {
      const { recentDays } = settings;
      await syncCatalog(catalog, spec.dataset, await data.of(spec.dataset), spec.filter, { recentDays });
    };
    const context = await masterContext({
      settings,
      id,
      store,
      web,
      queues,
      blocksOf: async (spec) => {
        // Our own was listed a moment ago, and is what this command speaks of; another run's may never have been.
        if (spec.run !== prepared.spec.run) await listFor(spec);
        return selectionOf(catalog, spec);
      },
      ownSlots: settings.slots,
      executors,
      log,
    });
    this.#io.interrupts.first.throwIfAborted();
    const { aggregate } = prepared.spec;
    const prefix = options.out === undefined ? `${aggregate}/` : "";
    const master = new Master(context, { only: aggregate, placeOf: () => ({ aggregate, prefix }) });
    const report = async (manifest: Manifest | null): Promise<SelectionReport> =>
      await reportSelection({
        context,
        manifest,
        dataset: prepared.dataset.name,
        reprocess: prepared.spec.reprocess,
        blocks: selectionOf(catalog, prepared.spec),
      });
    const { manifest, submitted } = await this.#submit(context, prepared, report);
    const before = await report(manifest);
    let after = before;
    if (before.waiting > 0) {
      const dead = new Set<string>();
      const giveBack = async (): Promise<void> => {
        const { manifest: now } = await context.ledger.read(aggregate);
        await releaseDeadWorkers({ store, jobs: queues.jobs, aggregate, open: now?.open ?? [], done: dead });
      };
      await giveBack();
      const say = (line: string): void => this.#progress.say(line);
      const trouble = new Trouble({
        store,
        clock: systemClock,
        random: systemRandom,
        scale: settings.timing.scale,
        say,
      });
      const isTrouble = (said: SpotfoldError | null): boolean => trouble.note(said) || trouble.present;
      const crew = new Crew({ settings, slots: settings.slots, onDeath: giveBack, isTrouble, queue: trouble, say });
      const shown = new RunProgress(this.#progress, crew, before, aggregate);
      crew.start();
      this.#io.interrupts.second.addEventListener("abort", () => void crew.kill(), { once: true });
      let end: DriveEnd;
      try {
        end = await drive({
          context,
          master,
          aggregate,
          crew,
          interrupts: this.#io.interrupts,
          trouble,
          heldMs: settings.timing.heldMs,
          isSettled: async (now) => {
            after = await report(now);
            return after.waiting === 0;
          },
          onPass: (now) => shown.noteManifest(now),
          say,
        });
      } finally {
        shown.stop();
        if (!this.#io.interrupts.first.aborted)
          this.#scope.opened("worker", crew, async (opened) => await opened.dismiss());
        else await crew.kill();
      }
      const code = await this.#ended(end);
      if (code !== null) return { code };
    }
    await publishAtEnd({
      master,
      run: prepared.spec.run,
      heldMs: settings.timing.heldMs,
      clock: systemClock,
      io: this.#io,
      progress: this.#progress,
    });
    return {
      result: {
        run: submitted ?? lastRunOf(manifest),
        aggregate,
        dataset: prepared.dataset,
        report: after,
        seconds: (systemClock.monotonic() - this.#startedAt) / 1000,
        where: flagsOf(options, whereNames),
        published: {
          folder: shownPlace(web.name) + (prefix === "" ? "" : `/${aggregate}`),
          pointer: prepared.spec.analysis.pointer,
        },
      },
    };
  }

  #webPlace(settings: { readonly web: string; readonly folder: string }): string {
    const { out } = this.#options;
    return out === undefined ? settings.web : normaliseStorePlace(out, settings.folder);
  }

  async #checked({ dataset, spec, checked }: Prepared): Promise<number> {
    const { mapped } = checked.check;
    const tried = mapped === null ? "" : `, ${counted(mapped.records, "record")} of ${dataset.name} tried`;
    await this.#io.err.write(`${spec.analysis.name}: the analysis loads${tried}; nothing was stored\n`);
    if (this.#options.json === true) {
      const { aggregate } = spec;
      await this.#io.out.write(
        `${JSON.stringify({ format: 1, check: { aggregate, analysis: spec.analysis, mapped } })}\n`,
      );
    }
    const rejected = Object.values(mapped?.rejected ?? {}).reduce((sum, count) => sum + count, 0);
    return mapped !== null && mapped.records > 0 && rejected === mapped.records ? exitCodes.failed : exitCodes.done;
  }

  /** Admits what is in the inbox for the aggregate, and this command's own run if anything is free then. */
  async #submit(
    context: MasterContext,
    prepared: Prepared,
    report: (manifest: Manifest | null) => Promise<SelectionReport>,
  ): Promise<{ manifest: Manifest | null; submitted: string | null }> {
    const { spec, checked } = prepared;
    const { manifest } = await context.ledger.read(spec.aggregate);
    refuseLineage(context.rules, manifest, spec);
    const before = await report(manifest);
    if (before.free === 0) {
      this.#progress.say(
        before.waiting > 0
          ? `going on with ${spec.aggregate}: ${counted(before.waiting, "block")} to go`
          : `nothing is new in ${spec.aggregate}`,
      );
      return { manifest, submitted: null };
    }
    await storeRun(context.store, checked, spec);
    const admitted = await admitRun(context, spec);
    if (admitted.admitted === false) throw new SpotfoldError("lineage-differs", admitted.why);
    if (admitted.admitted === true) this.#progress.say(admittedText(spec, admitted));
    return { manifest: (await context.ledger.read(spec.aggregate)).manifest, submitted: spec.run };
  }

  /** The exit code, or null when the selection is settled. */
  async #ended(end: DriveEnd): Promise<number | null> {
    const resume = `To go on: ${commandLine(this.#io, this.#io.words)}`;
    switch (end.how) {
      case "settled":
        return null;
      case "interrupted":
      case "aborted":
        this.#progress.say(end.how === "interrupted" ? resume : `stopped at once; ${resume}`);
        return await reportInterrupt(this.#io, this.#options.json ?? false);
      case "held":
        throw heldError(this.#io, end.hold, resume);
      case "failed":
        throw end.error;
    }
  }

  /** Of what the master logs, what somebody who waits for the result should see. */
  #log(event: AnyEvent): void {
    if (event.event === "partition-stuck") {
      this.#progress.say(`partition ${event.partition} cannot be merged: ${event.message}`);
    } else if (event.event === "resolution-invalid") {
      this.#progress.say(`the resolution of job ${event.job} cannot be used: ${event.why}`);
    } else if (event.event === "publish-failed") {
      // It is tried again every second.
      if (event.message !== this.#publishFailed) this.#progress.say(`publishing failed: ${event.message}`);
      this.#publishFailed = event.message;
    } else if (event.event === "run-held") {
      this.#progress.say(`run ${event.run} is held: ${event.what}`);
    } else if (event.event === "left-alone") {
      this.#progress.say(`${event.where} is left alone: ${event.what}`);
    } else if (event.event === "entering-waits") {
      this.#progress.say(`finished jobs wait until outputs are merged: ${event.why}`);
    } else if (event.event === "queue-failed" && event.what === "ready") {
      this.#progress.say(`going on without the queue's wake-ups: ${event.message}`);
    }
  }
}

/** Between the look at the aggregate and the admission another run may have taken the blocks. */
function admittedText(spec: RunSpec, { blocks, jobs }: { readonly blocks: number; readonly jobs: number }): string {
  const what =
    blocks === 0 ? "another run has all of its blocks" : `${counted(blocks, "block")}, in ${counted(jobs, "job")}`;
  return `run ${spec.run} into ${spec.aggregate}: ${what}`;
}
