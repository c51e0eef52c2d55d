/**
 * What the executor of a pass says, applied to the attempt's state: one message after the other, since some wait for the
 * decoder's word. Reports are believed only as far as the decoder bears them out (decoder-word.ts).
 *
 *   open -> (a last word: done, a fault, a block that is spoiled, input that is cut; or what cannot be) -> over: the rest is not heard
 */
import { messageOf } from "../../shared/errors.ts";
import { causes } from "../../shared/formats/attempt.ts";
import type { ChildError, ExecutorMessage } from "../children/protocol.ts";
import type { AttemptState, RecordFault } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { BlockReport, Fault, JobBlock } from "../types.ts";
import type { DecoderWord } from "./decoder-word.ts";
import type { AttemptLog } from "./log.ts";
import { codeFault } from "./verdict.ts";
import type { LastWord } from "./verdict.ts";

export interface ReportsTerms {
  readonly state: AttemptState;
  readonly runs: Map<string, RunInfo>;
  readonly log: AttemptLog;
  /** Of the pass, by index. */
  readonly blocks: ReadonlyMap<number, JobBlock>;
  readonly word: DecoderWord;
  /** A last word was heard, from whomever. */
  readonly isOver: () => boolean;
  readonly end: (last: LastWord) => void;
  /** What is told of progress has changed. */
  readonly changed: () => void;
}

export class ExecutorReports {
  readonly #terms: ReportsTerms;
  /** Heard, not applied. */
  readonly #waiting: ExecutorMessage[] = [];
  #isApplying = false;
  #applied: Promise<void> = Promise.resolve();
  #loaded = false;
  #inHand: number | undefined;
  #records = 0;
  #recordsOfEnded = 0;

  constructor(terms: ReportsTerms) {
    this.#terms = terms;
  }

  /** The bundle is. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** The block in the executor's hand. */
  get inHand(): number | undefined {
    return this.#inHand;
  }

  /** Of all blocks. */
  get records(): number {
    return this.#records;
  }

  /** Of the block in hand, so many at least were done. */
  get recordsInHand(): number {
    return Math.max(0, this.#records - this.#recordsOfEnded);
  }

  /** Applied at once, unless one before it waits for the decoder's word, or it does. */
  hear(message: ExecutorMessage): void {
    this.#waiting.push(message);
    if (!this.#isApplying) this.#applied = this.#applyWaiting();
  }

  /** All that was heard so far is applied. Never rejects. */
  async applied(): Promise<void> {
    await this.#applied;
  }

  async #applyWaiting(): Promise<void> {
    this.#isApplying = true;
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      try {
        const isDue = this.#awaited(message);
        if (isDue !== null) await this.#terms.word.until(isDue);
        if (!this.#terms.isOver()) this.#apply(message);
      } catch (error) {
        // User code may have written it: it may be anything.
        this.#broken(messageOf(error));
      }
    }
    this.#isApplying = false;
  }

  /** Whether the decoder has said what the message is held against; null when it has. It speaks first, but may be heard later. */
  #awaited(message: ExecutorMessage): (() => boolean) | null {
    const { state, word, isOver } = this.#terms;
    if (isOver()) return null;
    if (message.say === "ended") {
      const { index } = message.report;
      return word.hasDecoded(index) ? null : () => word.hasDecoded(index);
    }
    // What it struck without harm may still be on its way.
    return message.say !== "done" || state.done ? null : () => state.done;
  }

  #apply(message: ExecutorMessage): void {
    const { state, log, end, changed } = this.#terms;
    switch (message.say) {
      case "loaded":
        this.#loaded = true;
        break;
      case "begin":
        this.#inHand = message.block;
        break;
      case "progress":
        this.#records = message.records;
        changed();
        break;
      case "ended":
        this.#blockEnded(message.report);
        break;
      case "checkpoint":
        state.checkpoint(message.runs.map((run) => this.#noted(run)));
        break;
      case "merged":
        if (message.run === null) this.#broken("runs were merged into nothing");
        else state.merged(this.#noted(message.run));
        break;
      case "log":
        log.line(message.line);
        break;
      case "fault":
        if (isFault(message.fault)) end({ fault: message.fault });
        else this.#broken("a fault has no cause, reason or message");
        break;
      case "spoiled":
        end({ spoiled: message.block });
        break;
      case "cut":
        end({ cut: message.message });
        break;
      case "error":
        end({ fault: this.#faultOfError(message.error) });
        break;
      case "done":
        end(state.done ? { done: true } : { fault: codeFault("unreported", "blocks were not reported", this.#inHand) });
        break;
      case "sampled":
      case "rendered":
        this.#broken(`an executor with a job said ${message.say}`);
        break;
    }
  }

  #blockEnded(report: BlockReport): void {
    const { state, word, blocks, changed } = this.#terms;
    const unborne = word.unborne(report.index, blocks.get(report.index)?.size, report.rawBytes);
    const violation = unborne ?? state.violation(report);
    if (violation !== null) return this.#broken(violation);
    state.blockEnded(report);
    this.#recordsOfEnded += report.records;
    this.#inHand = undefined;
    changed();
  }

  #noted(run: RunInfo): string {
    this.#terms.runs.set(run.name, run);
    return run.name;
  }

  #faultOfError({ code, message, hint }: ChildError): Fault {
    const told = hint === undefined ? {} : { hint };
    if (!this.#loaded) return { cause: "code", reason: code, message, ...told, beforeFirstRecord: true };
    return { ...codeFault(code, message, this.#inHand), ...told };
  }

  /** The executor said what cannot be. */
  #broken(message: string): void {
    const what = `the executor's reports are wrong: ${message}`;
    this.#terms.end({ fault: codeFault("invalid-report", what, this.#inHand) });
  }
}

function isFault({ cause, reason, message }: RecordFault): boolean {
  return causes.includes(cause) && typeof reason === "string" && typeof message === "string";
}
