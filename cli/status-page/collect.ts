/**
 * Collects one status document: what `spotfold status` reads (cli/report/status.ts), and the queue's counts, coverage, and when
 * each aggregate was published last.
 *
 * Requests of a refresh, with A aggregates, R open runs, I runs in the inbox, W workers heard of within the last hour:
 *   3 lists (aggregates, inbox, workers; one more for each further 1,000)  +  A heads  +  manifests that are new
 *   + R holds  +  2 I (run.json, the inbox entry)  +  W statuses  +  the master's lease  +  1 or 2 questions to the queue
 *   + 2 R while no master leads (a list of outputs, the send cursor)  +  run.json of each run that was not shown before
 * and at each fifth refresh at most: A heads in the web store, and the coverage of aggregates where it changed; that also when a
 * run was admitted or closed, and once the plan of an open run where blocks were missing before it.
 */
import type * as wire from "../../dashboard/status/document.ts";
import type { Snapshot } from "../../master/ledger/ledger.ts";
import { messageOf } from "../../shared/errors.ts";
import { liveStatusIntervals, workerSigns, type WorkerSign } from "../../shared/live-workers.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { aggregatesOf, type Look } from "../compose/look.ts";
import { readLeader } from "../report/leader.ts";
import { readRuns, whyUnreadable, type RunsReport } from "../report/status.ts";
import { Coverages, type KnownCoverage } from "./coverage.ts";
import { DepthRing } from "./depth.ts";
import { MissingList } from "./missing.ts";
import { Paces, type Progress } from "./pace.ts";
import type { Places } from "./places.ts";
import { Retries } from "./retries.ts";

/** Closed runs of each aggregate that are listed. */
export const closedShownMax = 10;
/** Before scaling. A worker that was killed is shown as silent for so long. */
const silentShownMs = 3_600_000;
/** What costs more, or changes seldom, is looked at so much less often. */
const slowRefreshes = 5;

export interface CollectorInput {
  readonly places: Places;
  readonly clock: Clock;
  /** Of `timing`. */
  readonly statusMs: number;
  readonly standbyMs: number;
  readonly scale: number;
  readonly refreshMs: number;
  readonly place: string;
  readonly version: string;
  readonly actions: boolean;
  readonly commands: wire.StatusDocument["commands"];
}

export interface Collected {
  readonly document: wire.StatusDocument;
  /** The store's clock; ours as long as there is no store. */
  readonly storeTime: number;
}

type Unreadable = wire.StatusDocument["unreadable"][number];

export class Collector {
  readonly #input: CollectorInput;
  readonly #paces: Paces;
  readonly #coverages: Coverages;
  readonly #depth = new DepthRing();
  readonly #retries = new Retries();
  readonly #published = new Map<string, { readonly askedAt: number; readonly publishedAt: number | null }>();

  constructor(input: CollectorInput) {
    this.#input = input;
    this.#paces = new Paces(input.scale);
    this.#coverages = new Coverages(slowRefreshes * input.refreshMs);
  }

  /** Throws what the store throws. */
  async collect(): Promise<Collected> {
    const { places, clock } = this.#input;
    const look = await places.look();
    const queue = await this.#queue();
    if (look === null) return { document: this.#document(queue, {}), storeTime: clock.now() };
    const snapshots: Snapshot[] = [];
    const { scale, statusMs, standbyMs } = this.#input;
    const leading = await readLeader(look.store, standbyMs);
    const leader = leaderLine(leading);
    const report = await readRuns(look, async () => await aggregatesOf(look.store), null, {
      isLed: leading?.state === "leads",
      seen: (snapshot) => void snapshots.push(snapshot),
    });
    const { signs, storeTime } = await workerSigns(look.store, silentShownMs * scale);
    const workers = signs.flatMap((sign) => workerLine(sign, statusMs));
    const now = Math.max(storeTime, ...snapshots.map((snapshot) => snapshot.storeTime)) || clock.now();
    const runs = this.#runs(report, workers, now);
    const { aggregates, missing, unreadable } = await this.#aggregates(look, report, snapshots);
    const { inbox } = report;
    const unread = [...report.unreadable, ...unreadable];
    const document = this.#document(queue, {
      ...runs,
      runs: await this.#retries.toldOf(look.store, runs.runs),
      aggregates,
      missing,
      inbox,
      leader,
      workers,
      unreadable: unread,
    });
    return { document, storeTime: now };
  }

  #document(queue: wire.QueueState, found: Partial<wire.StatusDocument>): wire.StatusDocument {
    const { version, place, refreshMs, actions, commands } = this.#input;
    const nothing = { aggregates: [], runs: [], runsHidden: 0, inbox: [], leader: null, workers: [], unreadable: [] };
    const missing = new MissingList().report();
    return { format: 1, version, place, refreshMs, actions, commands, ...nothing, missing, ...found, queue };
  }

  async #queue(): Promise<wire.QueueState> {
    const unknown = (why: string): wire.QueueState => {
      return { counts: null, dead: null, why, samples: this.#depth.samples };
    };
    const queues = await this.#input.places.queues();
    if (typeof queues === "string") return unknown(queues);
    try {
      const [counts, dead] = await Promise.all([queues.jobs.counts(), queues.dead?.counts()]);
      this.#depth.note(this.#input.clock.now(), counts);
      const { visible, leased, delayed } = counts;
      const held = dead === undefined ? null : dead.visible + dead.leased + dead.delayed;
      return { counts: { visible, leased, delayed }, dead: held, why: null, samples: this.#depth.samples };
    } catch (error) {
      // Who may look at the store need not be allowed to ask the queue.
      return unknown(messageOf(error));
    }
  }

  #runs(
    report: RunsReport,
    workers: readonly wire.WorkerLine[],
    now: number,
  ): Pick<wire.StatusDocument, "runs" | "runsHidden"> {
    const progress = new Map<string, Progress>();
    for (const { runs } of report.aggregates) {
      for (const { run, admittedAt, blocks, covered, missing, records } of runs) {
        if (admittedAt !== null) progress.set(run, { admittedAt, blocks, done: covered + missing, records });
      }
    }
    const paces = this.#paces.note(now, progress);
    const inHand = workers.flatMap(({ state, jobs }) => (state === "alive" ? jobs : []));
    const [open, closed]: [wire.RunLine[], wire.RunLine[]] = [[], []];
    let runsHidden = 0;
    for (const { aggregate, analysis, runs } of report.aggregates) {
      const ended: wire.RunLine[] = [];
      for (const line of runs) {
        const jobs = line.jobs === null ? null : jobsOf(line.run, line.jobs, inHand);
        const shown = { ...line, aggregate, analysis, jobs, pace: paces.get(line.run) ?? null };
        (line.state === "open" ? open : ended).push(shown);
      }
      runsHidden += Math.max(0, ended.length - closedShownMax);
      closed.push(...ended.slice(-closedShownMax).toReversed());
    }
    const byEnd = closed.toSorted((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0));
    return { runs: [...open, ...byEnd], runsHidden };
  }

  async #aggregates(
    look: Look,
    report: RunsReport,
    snapshots: readonly Snapshot[],
  ): Promise<Pick<wire.StatusDocument, "aggregates" | "missing" | "unreadable">> {
    const unreadable: Unreadable[] = [];
    const aggregates: wire.AggregateLine[] = [];
    const missing = new MissingList();
    for (const [index, line] of report.aggregates.entries()) {
      const { runs: _runs, ...shown } = line;
      const { aggregate } = line;
      const base = snapshots[index];
      if (base === undefined) continue;
      if (isNothing(base)) continue;
      const coverage = await this.#coverage(look, base, unreadable);
      const totals = [...base.manifest.open, ...base.manifest.closed].map((run) => run.totals.missing);
      missing.add(aggregate, coverage, Math.max(0, ...totals));
      const blocks = coverage === null ? null : blocksOf(coverage);
      const publishedAt = await this.#publishedAt(aggregate);
      const { key } = base.manifest.lineage;
      aggregates.push({ ...shown, key, publishedAt, blocks });
    }
    return { aggregates, missing: missing.report(), unreadable };
  }

  async #coverage(look: Look, base: Snapshot, unreadable: Unreadable[]): Promise<KnownCoverage | null> {
    try {
      return await this.#coverages.read(look.store, base, this.#input.clock.monotonic());
    } catch (error) {
      unreadable.push({ what: `coverage of ${base.manifest.aggregate}`, why: whyUnreadable(error) });
      return null;
    }
  }

  /** Null where it is not there, or may not be looked at. */
  async #publishedAt(aggregate: string): Promise<number | null> {
    const now = this.#input.clock.monotonic();
    const known = this.#published.get(aggregate);
    if (known !== undefined && now < known.askedAt + slowRefreshes * this.#input.refreshMs) return known.publishedAt;
    let publishedAt: number | null = null;
    try {
      const web = await this.#input.places.web();
      publishedAt = (await web?.head(`${aggregate}/coverage.json`))?.lastModified ?? null;
    } catch {
      // Its own store with its own rights: what is known of runs is shown all the same.
    }
    this.#published.set(aggregate, { askedAt: now, publishedAt });
    return publishedAt;
  }
}

/** All that it knows are runs that were cancelled before a master admitted them: nothing ever was in it. */
function isNothing({ manifest: { open, closed } }: Snapshot): boolean {
  return open.length === 0 && closed.every(({ state, blocks }) => state === "cancelled" && blocks === 0);
}

function blocksOf({ covered, missing, open }: KnownCoverage): NonNullable<wire.AggregateLine["blocks"]> {
  const triedAgain = missing.filter(({ triedBy }) => triedBy !== null).length;
  return { covered, missing: missing.length, open, triedAgain };
}

function leaderLine(leader: Awaited<ReturnType<typeof readLeader>>): wire.LeaderLine | null {
  if (leader === null) return null;
  // Renewals come every few seconds: told, each would make another document.
  return { master: leader.master, silentSince: leader.state === "silent" ? leader.seenAt : null };
}

function workerLine({ ageMs, seenAt, status }: WorkerSign, statusMs: number): wire.WorkerLine[] {
  // A newer version's: nothing can be said of it.
  if (status === null) return [];
  const { worker, slots, jobs, draining = [], resolved: done, failed, startedAt } = status;
  const isAlive = ageMs <= liveStatusIntervals * statusMs;
  const state = status.ended === true ? "ended" : isAlive ? "alive" : "silent";
  return [{ worker, state, slots, jobs, draining, done, failed, startedAt, seenAt }];
}

/** A job's name is `<plan>/<job>`, and a plan's begins with its run's. */
function jobsOf(
  run: string,
  { all, done, failed }: { readonly all: number; readonly done: number; readonly failed: number },
  inHand: readonly string[],
): NonNullable<wire.RunLine["jobs"]> {
  const busy = new Set(inHand.filter((job) => job.startsWith(`${run}.`))).size;
  // Entered by a master a moment later than its worker let go of it: never more than there are.
  const left = Math.max(0, all - done);
  return { all, done, failed, inHand: Math.min(busy, left), waiting: Math.max(0, left - busy) };
}
