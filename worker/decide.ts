/**
 * What to do with a job, given the records of its attempts so far. Pure: whoever holds the job's lease asks, before it
 * executes and after a failure of its own.
 *
 * Budgets are by cause, because causes differ in what another try can change: a machine that was taken away says nothing
 * about the job; a block that the analysis chokes on will choke again.
 */
import type { AttemptRecord, Cause } from "../shared/formats/attempt.ts";
import type { MissingReason } from "../shared/formats/resolution.ts";

/** Attempts that ended without a word: a crash of the worker or its machine. On distinct workers, where there are several. */
export const vanishedMax = 5;
export const lostLeaseMax = 5;
/** Store, network or one machine's disk. With back-off to 5 minutes this bridges an outage of about 15 minutes. */
export const infrastructureMax = 8;
export const timeoutMax = 2;
/** The second attempt has the worker to itself and twice the memory. */
export const outOfMemoryMax = 2;
/** The analysis failed, or the block is damaged: the second attempt is the confirmation, elsewhere if possible. */
export const codeMax = 2;
export const badInputMax = 2;

/** A second attempt after running out of memory gets this many times the limit. */
export const memoryFactorRaised = 2;

/** First delay of a job that failed by infrastructure; doubles up to the largest. */
export const backOffMs = 15_000;
export const backOffMsMax = 300_000;

export type Verdict =
  | { readonly do: "run"; readonly memoryFactor: number; readonly exclusive: boolean }
  /** The whole bundle is suspect: it failed twice before its first record. */
  | { readonly do: "hold"; readonly record: AttemptRecord }
  /** Resolve without executing: hand on in halves, or give the only block up. */
  | { readonly do: "split"; readonly cause: CountedCause }
  | { readonly do: "give-up"; readonly reason: MissingReason; readonly detail: string };

export interface DecideInput {
  /** Of this job, in any order; the caller's running attempt left out. */
  readonly records: readonly AttemptRecord[];
  /** Blocks of the job. */
  readonly blocks: number;
  /** Ids of workers that are alive now. */
  readonly liveWorkers: readonly string[];
}

export type CountedCause =
  Exclude<Cause, "interrupted" | "environment" | "gone" | "replaced" | "archived"> | "vanished";

/** `vanished` and the causes that speak of a machine count once for each worker; the others speak of the job. */
const byWorker: ReadonlySet<CountedCause> = new Set(["vanished", "lost-lease", "infrastructure", "timeout"]);

const budgets: readonly (readonly [CountedCause, number, MissingReason])[] = [
  ["bad-input", badInputMax, "corrupt"],
  ["code", codeMax, "code"],
  ["out-of-memory", outOfMemoryMax, "out-of-memory"],
  ["timeout", timeoutMax, "timeout"],
  ["vanished", vanishedMax, "vanished"],
  ["lost-lease", lostLeaseMax, "lost-lease"],
  ["infrastructure", infrastructureMax, "infrastructure"],
];

export function decide({ records, blocks, liveWorkers }: DecideInput): Verdict {
  const early = records.filter((record) => record.end?.cause === "code" && record.end.beforeFirstRecord);
  if (early.length >= codeMax && early[0] !== undefined) return { do: "hold", record: early[0] };
  for (const [cause, budget, reason] of budgets) {
    const struck = records.filter((record) => (record.end === null ? "vanished" : record.end.cause) === cause);
    if (strikes(cause, struck, liveWorkers) < budget) continue;
    if (blocks > 1) return { do: "split", cause };
    const last = struck.at(-1)?.end;
    return {
      do: "give-up",
      reason: reasonOf(cause, reason, last?.reason),
      detail: last?.message ?? `${struck.length} attempts vanished`,
    };
  }
  const raised = records.some((record) => record.end?.cause === "out-of-memory");
  return { do: "run", memoryFactor: raised ? memoryFactorRaised : 1, exclusive: raised };
}

/** Damage is `corrupt`; a block that exceeds the tolerance of bad records is `bad-input`. */
function reasonOf(cause: CountedCause, usual: MissingReason, detail: string | undefined): MissingReason {
  return cause === "bad-input" && detail === "too-many-rejected" ? "bad-input" : usual;
}

/** One bad machine must not use up a job's budget: its strikes count once, as long as another worker could take the job. */
function strikes(cause: CountedCause, struck: readonly AttemptRecord[], liveWorkers: readonly string[]): number {
  if (!byWorker.has(cause)) return struck.length;
  const workers = new Set(struck.map((record) => record.worker));
  const another = liveWorkers.some((worker) => !workers.has(worker));
  return another ? workers.size : struck.length;
}

/** How long a job waits after a failure before it is seen again: by cause, doubling, with jitter in [0.5, 1). */
export function releaseDelayMs(cause: Cause, earlier: number, jitter: number): number {
  if (cause === "interrupted" || cause === "lost-lease") return 0;
  const patient = cause === "infrastructure" || cause === "environment";
  const delay = Math.min(backOffMsMax, backOffMs * 2 ** Math.min(earlier, 20));
  return patient ? Math.round(delay * (0.5 + jitter / 2)) : 0;
}

/** How often a job is passed over for another worker: one that is alive may be busy for long, or refuse it, too. */
export const elsewhereDeliveriesMax = 8;

/** How long another worker has to take it. */
export const elsewhereMs = 15_000;

/**
 * Whether a job is left to another worker: ours found its block damaged, and damage is confirmed elsewhere where there is
 * somebody else, since our network or disk may be what is broken.
 */
export function isForAnother(
  records: readonly AttemptRecord[],
  self: string,
  liveWorkers: readonly string[],
  deliveries: number,
): boolean {
  const damaged = records.filter((record) => record.end?.cause === "bad-input");
  const another = liveWorkers.some((worker) => damaged.every((record) => record.worker !== worker));
  return another && deliveries <= elsewhereDeliveriesMax && damaged.some((record) => record.worker === self);
}

/** Halves of a job's blocks, for failures that name no block. */
export function halves(blocks: readonly number[]): number[][] {
  const middle = Math.ceil(blocks.length / 2);
  return [blocks.slice(0, middle), blocks.slice(middle)].filter((half) => half.length > 0);
}
