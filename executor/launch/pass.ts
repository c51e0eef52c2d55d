/**
 * One pass of an attempt in two real children: hears what they say, holds them to their limits, and turns how they ended into a
 * fault. Data goes from the decoder to the executor by a pipe between them and never comes by here.
 *
 *   running -> (a last word: done, a fault; or a limit; or a stop; or an end without a word) -> both gone -> told
 *
 * What the executor says is applied by reports.ts, where blocks lie is answered by lending.ts, how long it may take is watched by
 * time-limits.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AttemptState } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { DecoderMessage, ExecutorMessage } from "../children/protocol.ts";
import type { JobHooks } from "../types.ts";
import type { Child, ChildEnd, Killed } from "./child.ts";
import { DecoderWord } from "./decoder-word.ts";
import { Lending } from "./lending.ts";
import type { AttemptLog } from "./log.ts";
import { kernelKills } from "./memory.ts";
import { ExecutorReports } from "./reports.ts";
import { startSlot } from "./slot.ts";
import type { Slot, SlotSpec } from "./slot.ts";
import { TimeLimits } from "./time-limits.ts";
import { told } from "./told.ts";
import { passFault } from "./verdict.ts";
import type { LastWord } from "./verdict.ts";

/** A decoder whose reader is gone ends at its next write; one whose reader has everything says so at once. */
const decoderGraceMs = 1_000;

/** Of one that goes on with the next job. */
const wentOn: ChildEnd = { code: null, signal: null, killed: "finished", printed: "" };

export interface PassContext extends SlotSpec {
  readonly hooks: JobHooks;
  readonly state: AttemptState;
  readonly runs: Map<string, RunInfo>;
  readonly log: AttemptLog;
  /** Monotonic ms at which the attempt must be over. */
  readonly deadline: number;
}

/** Runs it, and tells the state how it ended. */
export async function runPass(context: PassContext): Promise<void> {
  await new RunningPass(context).run();
}

class RunningPass {
  readonly #context: PassContext;
  readonly #slot: Slot;
  readonly #word = new DecoderWord();
  readonly #reports: ExecutorReports;
  readonly #lending: Lending;
  readonly #limits: TimeLimits;
  /** All frames are with the executor. */
  readonly #decoderDone = Promise.withResolvers<void>();
  #last: LastWord | null = null;
  #elsewhere = false;
  /** The executor has its task. */
  #begun = false;
  /** The decoder is somebody else's, or gone: nothing is sent to it any more. */
  #isPutAway = false;
  #bytes = 0;

  constructor(context: PassContext) {
    this.#context = context;
    const { pass, state, runs, log, hooks, readable } = context;
    const blocks = new Map(pass.blocks.map((block) => [block.index, block]));
    this.#slot = startSlot(context);
    this.#reports = new ExecutorReports({
      state,
      runs,
      log,
      blocks,
      word: this.#word,
      isOver: () => this.#last !== null,
      end: (last) => this.#end(last),
      changed: () => this.#tell(),
    });
    this.#lending = new Lending({
      blocks,
      hooks,
      readable,
      answer: (answers) => {
        if (!this.#isPutAway) this.#slot.decoder.send({ token: context.token, answers });
      },
      elsewhere: () => this.#widen(),
      misbehaved: () => this.#killDecoder("misbehaved"),
    });
    this.#limits = new TimeLimits({
      stallMs: context.task.limits.stallMs,
      deadline: context.deadline,
      isWaitedFor: () => this.#lending.isUnderWay || !this.#begun,
      isLoaded: () => this.#reports.loaded,
      over: (why) => this.#kill(why),
    });
    void context.recorded.then(() => {
      this.#begun = true;
      this.#limits.sign();
    });
    const { decoder, executor } = this.#slot;
    decoder.onLine((line) => this.#hear(decoder, line, (message) => this.#fromDecoder(message as DecoderMessage)));
    executor.onLine((line) => this.#hear(executor, line, (message) => this.#reports.hear(message as ExecutorMessage)));
  }

  async run(): Promise<void> {
    const { hooks, task, state, log, pass } = this.#context;
    const { decoder, executor } = this.#slot;
    const kills = kernelKills();
    const stop = (): void => this.#kill("stopped");
    hooks.stop.addEventListener("abort", stop);
    if (hooks.stop.aborted) stop();
    const unwatch = this.#limits.watch();
    const decoderGone = Promise.withResolvers<void>();
    const forget = decoder.onEnd(() => {
      this.#word.gone();
      decoderGone.resolve();
    });
    const executorEnd = await executor.ended;
    // Input that ended early is the decoder's doing if it is gone already; one that lives sees the broken pipe and ends.
    const isOpen = this.#last === null || "cut" in this.#last;
    if (isOpen && !this.#isPutAway) await Promise.race([decoderGone.promise, sleep(decoderGraceMs)]);
    const decoderEnd = await this.#putAway(decoderGone.promise);
    forget();
    await this.#reports.applied();
    unwatch();
    hooks.stop.removeEventListener("abort", stop);
    log.printed(executorEnd.printed);
    if (this.#elsewhere && !hooks.stop.aborted && this.#last === null) return await this.#context.readable.widen();
    const { loaded, inHand, recordsInHand } = this.#reports;
    // Of small blocks the decoder speaks when some are done: the next pass finds out which of them gives nothing.
    const isUnclear = executorEnd.killed === "stalled" && loaded && inHand === undefined;
    if (isUnclear && this.#context.readable.manyAtOnce) return this.#context.readable.oneByOne();
    const fault = passFault({
      last: this.#last,
      stop: hooks.stop,
      executor: executorEnd,
      decoder: decoderEnd,
      loaded,
      inHand,
      awaited: this.#word.firstOpen(pass.blocks),
      keyOf: (block) => pass.blocks.find(({ index }) => index === block)?.key,
      recordsInHand,
      faultOf: (block) => this.#word.faultOf(block),
      kernelKilled: kills !== null && (kernelKills() ?? 0) > kills,
      limits: task.limits,
    });
    if (fault !== null) state.failed(fault);
  }

  /**
   * The decoder did its work to the end, and has said all that it has to say: it serves the next job, while the executor still
   * drains or after that. What becomes of it then is nothing to this pass.
   */
  #giveBack(): void {
    const { decoders, readable, hooks } = this.#context;
    const { decoder } = this.#slot;
    // What we have killed may still be heard.
    if (this.#isPutAway || decoder.process.killed) return;
    this.#isPutAway = true;
    decoder.onLine(null);
    decoders.giveBack(decoder, readable.paths);
    this.#word.gone();
    this.#decoderDone.resolve();
    // Of one that has no task yet, only the wait for its record is over; of one that says something else, another pass follows.
    const isSound = this.#begun && (this.#last === null || "done" in this.#last);
    if (isSound && !hooks.stop.aborted) hooks.read?.();
  }

  /** Of a decoder that is not done it is not known what state it is in. */
  async #putAway(gone: Promise<void>): Promise<ChildEnd> {
    const { decoder } = this.#slot;
    if (this.#isDone()) await Promise.race([this.#decoderDone.promise, gone, sleep(decoderGraceMs)]);
    if (this.#isPutAway) return wentOn;
    this.#isPutAway = true;
    decoder.kill("finished");
    return await decoder.ended;
  }

  #isDone(): boolean {
    return this.#last !== null && "done" in this.#last && !this.#context.hooks.stop.aborted;
  }

  #hear(child: Child, line: string, use: (message: unknown) => void): void {
    const message = told(line, this.#context.token);
    this.#limits.sign();
    if (message === null) child.kill("misbehaved");
    else use(message);
  }

  #fromDecoder(message: DecoderMessage): void {
    switch (message.say) {
      case "lend":
        void this.#lend(message.blocks);
        break;
      case "progress":
        this.#bytes = message.bytes;
        this.#tell();
        break;
      case "decoded":
        this.#word.decoded(message.blocks);
        break;
      case "fault": {
        // A block that gave nothing is struck without harm; anything else of that kind ends the pass.
        const harmless = !message.spoiled && this.#context.state.strike(message.fault);
        this.#word.failed(message.fault);
        if (!message.spoiled && !harmless) this.#end({ fault: message.fault });
        // Every block was struck: there is nothing to wait for, not even for the executor's start.
        if (harmless && this.#context.state.done && this.#context.state.blocksDone === 0) this.#end({ done: true });
        break;
      }
      case "done":
        this.#giveBack();
        break;
    }
  }

  async #lend(indices: readonly number[]): Promise<void> {
    await this.#lending.lend(indices);
    this.#limits.sign();
  }

  /** A block lies where the decoder may not read: the pass is begun again, with one that may. */
  #widen(): void {
    if (this.#isPutAway) return;
    this.#elsewhere = true;
    this.#kill("finished");
  }

  #end(last: LastWord): void {
    this.#last ??= last;
    if ("cut" in last) return;
    this.#slot.executor.kill("finished");
    // One that is done with everything is of use to the next job.
    if (!("done" in last)) this.#killDecoder("finished");
  }

  #kill(why: Killed): void {
    this.#slot.executor.kill(why);
    this.#killDecoder(why);
  }

  #killDecoder(why: Killed): void {
    if (!this.#isPutAway) this.#slot.decoder.kill(why);
  }

  #tell(): void {
    const { state, hooks } = this.#context;
    hooks.progress({ blocksDone: state.blocksDone, bytes: this.#bytes, records: this.#reports.records });
  }
}
