/**
 * `/status.json`, format 1: what the status page shows. docs/formats/status.md says what each member means; its JSON schema is
 * docs/formats/status.schema.json. Times are ms since the epoch by the store's clock, unless said otherwise: the server sends
 * that clock with each answer (`storeTimeHeader`), so that ages are right on a machine whose own clock is not.
 *
 * Texts come from anybody: keys of blocks, messages of analyses, names that somebody typed. They are text and nothing else.
 */

/** The store's clock when the document was collected, ms. Not in the document: what has not changed keeps its etag. */
export const storeTimeHeader = "spotfold-store-time";

export interface StatusDocument {
  readonly format: 1;
  /** Of Spotfold. */
  readonly version: string;
  /** The work store, as people write it. */
  readonly place: string;
  /** Asking more often than this brings nothing new. */
  readonly refreshMs: number;
  /** Whether the server also acts. */
  readonly actions: boolean;
  /** Command lines for a shell of the server's machine, wherever it stands: what starts a daemon on this store. */
  readonly commands: { readonly master: string; readonly worker: string; readonly logs: string };
  readonly aggregates: readonly AggregateLine[];
  /** Open ones first, then the last closed ones of each aggregate, all of them by when they ended, the last one first. */
  readonly runs: readonly RunLine[];
  /** Closed runs that are not listed. */
  readonly runsHidden: number;
  /** Submitted, and not admitted. */
  readonly inbox: readonly InboxLine[];
  /** Which master leads, by its lease; null: none does, which says nothing of `run` and `master --once`. */
  readonly leader: LeaderLine | null;
  readonly workers: readonly WorkerLine[];
  readonly queue: QueueState;
  readonly missing: MissingReport;
  /** Of which this version cannot say more. */
  readonly unreadable: readonly { readonly what: string; readonly why: string }[];
}

export interface AggregateLine {
  readonly aggregate: string;
  readonly analysis: string;
  readonly key: readonly string[];
  readonly snapshot: number;
  readonly records: number;
  /** When its last change was committed. */
  readonly committedAt: number;
  /** When `coverage.json` was last swapped in the web store; null: not seen there. */
  readonly publishedAt: number | null;
  /** Blocks, each once; null when its coverage could not be read. */
  readonly blocks: {
    readonly covered: number;
    readonly missing: number;
    /** Of open runs, and neither covered nor missing. */
    readonly open: number;
    /** Of `missing`: those that open runs try again. Absent: an older server's. */
    readonly triedAgain?: number;
  } | null;
  /** Of `records`: by reason, most first. Absent: an older server's. */
  readonly rejected?: readonly RejectedCount[];
}

/** Records that the analysis did not take, or that were none. */
export interface RejectedCount {
  readonly reason: string;
  readonly count: number;
}

export interface InboxLine {
  readonly run: string;
  readonly aggregate: string;
  /** Its name, and when it was submitted by the submitter's clock; null where only a newer version knows. */
  readonly analysis: string | null;
  readonly submittedAt: number | null;
  /** Of kind `admission`: why a master could not admit it. Null: none has tried, or nothing went wrong. */
  readonly held: HoldLine | null;
}

export type RunState = "open" | "finished" | "cancelled" | "expired";

export interface RunLine {
  readonly run: string;
  readonly aggregate: string;
  /** Its name. */
  readonly analysis: string;
  readonly state: RunState;
  readonly blocks: number;
  readonly covered: number;
  readonly missing: number;
  /** Read, rejected ones included. */
  readonly records: number;
  /** Of `records`: by reason, most first. Absent: an older server's. */
  readonly rejected?: readonly RejectedCount[];
  /** Of a run that tries again what was missing: by which reasons. Null: it does not. Absent: not known. */
  readonly retry?: readonly string[] | null;
  /** The submitter's clock, to the second; null where its id does not say. */
  readonly submittedAt: number | null;
  /** Null of closed runs. */
  readonly admittedAt: number | null;
  /** Null of open runs, and where it was not noted. */
  readonly closedAt: number | null;
  /** Null of closed runs. `failed`: those that handed their blocks on because they themselves failed. */
  readonly jobs: {
    readonly all: number;
    readonly done: number;
    readonly inHand: number;
    readonly waiting: number;
    readonly failed: number;
  } | null;
  readonly pace: Pace | null;
  readonly held: HoldLine | null;
  /** Of an open one where no master leads: outputs that one has to enter (1,000: so many or more), jobs that one has to send. */
  readonly awaits: { readonly outputs: number; readonly unsent: number } | null;
}

/** How fast a run goes: over the last minutes, or since its admission as long as nobody looked on for long enough. */
export interface Pace {
  readonly blocksPerSecond: number;
  readonly recordsPerSecond: number;
  readonly over: "recent" | "admission";
  /** When it will be done at that pace; null while nothing was done. */
  readonly endsAt: number | null;
}

export interface HoldLine {
  readonly kind: string;
  readonly what: string;
  readonly where: string;
  /** What would cure it. */
  readonly hint: string;
  readonly since: number | null;
  /** A hold by the environment ends by itself then; null: it does not. */
  readonly until: number | null;
  readonly times: number;
}

export interface LeaderLine {
  readonly master: string;
  /** When it renewed its lease last, where that is too long ago; null: it leads. */
  readonly silentSince: number | null;
}

export interface WorkerLine {
  readonly worker: string;
  /** `silent`: no sign of life for longer than workers take; it was killed, or cannot reach the store. */
  readonly state: "alive" | "silent" | "ended";
  readonly slots: number;
  /** `<plan>/<job>` of what is in hand. Of a silent one: when it was last heard of. */
  readonly jobs: readonly string[];
  /** Those of them whose blocks are all read: each drains beside the next job of its slot. */
  readonly draining: readonly string[];
  /** Jobs. */
  readonly done: number;
  /** Attempts. */
  readonly failed: number;
  /** The worker's own clock, for people. */
  readonly startedAt: number;
  readonly seenAt: number;
}

/** At, visible, leased, delayed. */
export type DepthSample = readonly [atMs: number, visible: number, leased: number, delayed: number];

export interface QueueState {
  /** Of jobs; null when it was not asked, and `why` says why. */
  readonly counts: { readonly visible: number; readonly leased: number; readonly delayed: number } | null;
  /** Messages that the server put aside; null where there is no such queue. */
  readonly dead: number | null;
  readonly why: string | null;
  /** While somebody looked, oldest first; at most 720. */
  readonly samples: readonly DepthSample[];
}

export interface MissingBlock {
  readonly aggregate: string;
  readonly dataset: string;
  readonly key: string;
  readonly reason: string;
  /** `content`: tried again only with --reprocess. `circumstance`: by the next run. */
  readonly class: string;
  readonly detail: string;
}

/** What one run can try again. */
export interface MissingGroup {
  readonly aggregate: string;
  readonly dataset: string;
  readonly count: number;
  readonly reasons: readonly { readonly reason: string; readonly count: number; readonly triedAgain?: number }[];
  /** Open runs that try some of them again. Absent: an older server's, as `triedAgain`. */
  readonly triedBy?: readonly string[];
}

export interface MissingReport {
  /** All of them. A block that several aggregates miss counts in each. */
  readonly count: number;
  /** Of `count`: those that open runs try again. Absent: an older server's, as `aggregates`. */
  readonly triedAgain?: number;
  /** In so many aggregates. */
  readonly aggregates?: number;
  readonly reasons: readonly {
    readonly reason: string;
    readonly class: string;
    readonly count: number;
    readonly aggregates?: number;
  }[];
  /** The same by aggregate and dataset. */
  readonly groups: readonly MissingGroup[];
  /** The first of each aggregate, at most 200 in all. */
  readonly blocks: readonly MissingBlock[];
}

/** `/attempts.json?run=<run>`: attempts at a run's jobs that somebody may want to know of. */
export interface AttemptsDocument {
  readonly format: 1;
  readonly run: string;
  /** Jobs of which there are attempts. */
  readonly jobs: number;
  /** More jobs have something to tell than are listed. */
  readonly more: boolean;
  readonly attempts: readonly AttemptLine[];
}

export interface AttemptLine {
  readonly plan: string;
  readonly job: string;
  readonly attempt: string;
  readonly worker: string;
  /** The worker's own clock. */
  readonly startedAt: number;
  /** `failed`, or what became of it: resolved, lost, vanished, open, unknown. */
  readonly outcome: "failed" | "resolved" | "lost" | "vanished" | "open" | "unknown";
  readonly failure: {
    readonly cause: string;
    readonly reason: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
  /** What it logged, the first 16 KiB; null when nothing. */
  readonly log: string | null;
  readonly isLogCut: boolean;
}

/** What a refusal or failure of the server says. */
export interface StatusError {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}
