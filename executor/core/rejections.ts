/**
 * Rejected records of one block: counted by reason without exception, written to the attempt's log up to a bound.
 */
import type { JobBlock } from "../types.ts";

/** Log lines of one block: the first tell what is wrong, the rest is in the counts. */
export const logLinesPerBlockMax = 20;

/** Log lines of one attempt: a job of 1,000 bad blocks stays readable. */
export const logLinesPerAttemptMax = 1_000;

/** A reason is a counter in every report and coverage file. What comes beyond these is counted as `other`. */
export const reasonsPerBlockMax = 32;

export interface RejectedRecord {
  readonly ordinal: number;
  /** Byte offset in the decoded block. */
  readonly offset: number;
  readonly reason: string;
  readonly message: string;
}

/** Where log lines go: JSON text without line end. */
export type LogSink = (line: string) => void;

export class Rejections {
  readonly #log: LogSink;
  #block: JobBlock | null = null;
  #counts = new Map<string, number>();
  #total = 0;
  #first: string | null = null;
  #linesOfAttempt = 0;

  constructor(log: LogSink) {
    this.#log = log;
  }

  beginBlock(block: JobBlock): void {
    this.#block = block;
    this.#counts = new Map();
    this.#total = 0;
    this.#first = null;
  }

  add(record: RejectedRecord): void {
    const known = this.#counts.has(record.reason) || this.#counts.size < reasonsPerBlockMax;
    const reason = known ? record.reason : "other";
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#total += 1;
    this.#first ??= `record ${record.ordinal} at byte ${record.offset}: ${record.reason}: ${record.message}`;
    if (this.#total > logLinesPerBlockMax || this.#linesOfAttempt >= logLinesPerAttemptMax) return;
    this.#linesOfAttempt += 1;
    this.#log(JSON.stringify({ rejected: record.reason, block: this.#block?.key, ...record, reason: undefined }));
  }

  get total(): number {
    return this.#total;
  }

  get first(): string | null {
    return this.#first;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
