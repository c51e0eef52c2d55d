/**
 * One attempt over a job's blocks, as a pure state machine: no I/O, no clock. The real children and the simulator drive the
 * same one, so what a fault costs is decided here and nowhere else.
 *
 *              pass()                    ended()                    checkpoint()
 *   [waiting] ---------> blocks in hand ---------> [reported, provisional] ---------> [counted]
 *       ^                     |                           |
 *       |   fault that names a block, or a record of it   |
 *       +-------------------------------------------------+      the struck block becomes [struck]
 *
 * A *pass* is one launch of the children over the blocks that are still waiting. A block is provisional from its last byte
 * (decoded, size and etag agreed) to the checkpoint that makes its pairs durable; only then does it count. A fault drops
 * everything provisional. A fault that names a block strikes it and starts another pass without it; one that names a record
 * starts another pass that leaves the record out by its number. What names neither ends the attempt: what is counted stays,
 * the rest is left over for somebody else.
 *
 * Reports that do not agree with the blocks in hand are a bug or a forgery: `AttemptState` throws `internal` for the
 * caller's own mistakes, and `violation` tells the caller when the children are to blame.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import type { Cause } from "../../shared/formats/attempt.ts";
import type { BlockReport, Fault, JobBlock } from "../types.ts";

/**
 * Passes that faults may cost in one attempt; each redoes at most what came after the last checkpoint. Blocks that are struck
 * without harm cost none.
 */
export const suspectsPerAttemptMax = 32;

/** What strikes one block alone. Everything else is about the machine, the hold on the job, or no block in particular. */
const causesOfBlocks: ReadonlySet<Cause> = new Set(["gone", "replaced", "archived", "bad-input", "code", "timeout"]);

/** A record that an accumulator threw on: redone without it, it is counted as rejected with this reason. */
export interface LeftOut {
  readonly block: number;
  readonly ordinal: number;
  readonly message: string;
}

/** A fault may name the record in hand: the block is redone without it. */
export interface RecordFault extends Fault {
  readonly ordinal?: number;
}

export interface Pass {
  /** In the job's order. */
  readonly blocks: readonly JobBlock[];
  readonly leftOut: readonly LeftOut[];
  /** Sorted runs of earlier passes, oldest first. */
  readonly runs: readonly string[];
}

export interface AttemptResult {
  readonly reports: readonly BlockReport[];
  readonly faults: readonly Fault[];
  readonly ended: Fault | null;
  readonly runs: readonly string[];
}

export class AttemptState {
  readonly #blocks: ReadonlyMap<number, JobBlock>;
  readonly #counted = new Map<number, BlockReport>();
  readonly #struck = new Map<number, Fault>();
  readonly #provisional = new Map<number, BlockReport>();
  readonly #leftOut: LeftOut[] = [];
  readonly #runs: string[] = [];
  #ended: Fault | null = null;
  #passes = 0;

  constructor(blocks: readonly JobBlock[]) {
    this.#blocks = new Map(blocks.map((block) => [block.index, block]));
    if (this.#blocks.size !== blocks.length) throw new SpotfoldError("internal", "a job lists a block twice");
  }

  /** What the children do next; null when nothing is waiting or the attempt has ended. Drops what is provisional. */
  pass(): Pass | null {
    this.#provisional.clear();
    if (this.#ended !== null) return null;
    const blocks = [...this.#blocks.values()].filter((block) => this.#waits(block.index));
    if (blocks.length === 0) return null;
    this.#passes += 1;
    return { blocks, leftOut: [...this.#leftOut], runs: [...this.#runs] };
  }

  /** Why this report cannot be true, or null. A caller that gets a reason treats the children as broken. */
  violation(report: BlockReport): string | null {
    if (!this.#blocks.has(report.index)) return `block ${report.index} is not in the job`;
    if (!this.#waits(report.index)) return `block ${report.index} is settled already`;
    if (this.#provisional.has(report.index)) return `block ${report.index} was reported twice`;
    let rejected = 0;
    for (const count of Object.values(report.rejected)) rejected += count;
    if (rejected > report.records) return `block ${report.index} rejects more records than it has`;
    const none = report.records > 0 && rejected === report.records;
    if (none !== (report.verdict === "no-record-accepted")) return `block ${report.index} has the wrong verdict`;
    return null;
  }

  /** A block's last byte was decoded and everything about it agreed. It does not count yet. */
  blockEnded(report: BlockReport): void {
    const violation = this.violation(report);
    if (violation !== null) throw new SpotfoldError("internal", violation);
    this.#provisional.set(report.index, report);
  }

  /** Everything provisional is durable in these runs (none, when no record gave a pair): it counts from now on. */
  checkpoint(runs: readonly string[]): void {
    for (const [index, report] of this.#provisional) this.#counted.set(index, report);
    this.#provisional.clear();
    this.#runs.push(...runs);
  }

  /** Runs were merged into one: it stands for all of them. */
  merged(run: string): void {
    this.#runs.splice(0, this.#runs.length, run);
  }

  /**
   * A block was found gone, replaced or damaged before a byte of it was handed out: no state is spoiled, the pass goes on
   * without it. False when the fault is not one of a waiting block: then it ends the pass, as `failed` says.
   */
  strike(fault: Fault): boolean {
    const index = fault.block;
    if (index === undefined || !this.#waits(index) || this.#provisional.has(index)) return false;
    if (!causesOfBlocks.has(fault.cause)) return false;
    this.#struck.set(index, fault);
    return true;
  }

  /** The pass ended early. Whether there is another pass is `pass()`'s answer. */
  failed(fault: RecordFault): void {
    this.#provisional.clear();
    if (this.#ended !== null) return;
    const { ordinal, ...plain } = fault;
    const index = plain.block;
    const namesBlock = index !== undefined && this.#waits(index) && plain.beforeFirstRecord !== true;
    if (!namesBlock || !causesOfBlocks.has(plain.cause)) {
      this.#ended = plain;
      return;
    }
    const again = ordinal !== undefined && !this.#isLeftOut(index, ordinal);
    if (again) this.#leftOut.push({ block: index, ordinal, message: plain.message });
    else this.#struck.set(index, plain);
    if (this.#passes > suspectsPerAttemptMax && this.#anyWaits()) {
      this.#ended = {
        cause: plain.cause,
        reason: "too-many-suspects",
        message: `more than ${suspectsPerAttemptMax} faults in one attempt; the last: ${plain.message}`,
      };
    }
  }

  get done(): boolean {
    return this.#ended !== null || !this.#anyWaits();
  }

  /** Blocks whose end was reached, durable or not: for progress. */
  get blocksDone(): number {
    return this.#counted.size + this.#provisional.size;
  }

  result(): AttemptResult {
    const order = [...this.#blocks.keys()];
    return {
      reports: order.flatMap((index) => this.#counted.get(index) ?? []),
      faults: order.flatMap((index) => this.#struck.get(index) ?? []),
      ended: this.#ended,
      runs: [...this.#runs],
    };
  }

  #waits(index: number): boolean {
    return this.#blocks.has(index) && !this.#counted.has(index) && !this.#struck.has(index);
  }

  #anyWaits(): boolean {
    for (const index of this.#blocks.keys()) if (this.#waits(index)) return true;
    return false;
  }

  #isLeftOut(block: number, ordinal: number): boolean {
    return this.#leftOut.some((entry) => entry.block === block && entry.ordinal === ordinal);
  }
}
