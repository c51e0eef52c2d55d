/**
 * One pass of an attempt in two real children: applies what they say to the attempt's state, and turns how they ended into a
 * fault. Data goes from the decoder to the executor by a pipe between them and never comes by here.
 *
 *   running -> (a last word: done, a fault; or a limit; or a stop; or an end without a word) -> both gone -> told
 *
 * Reports of the executor are believed only as far as the decoder bears them out: it says first, on a descriptor of its own,
 * that a block was decoded, from how many bytes, into how many.
 *
 * No stall is counted while this process lends, for `lendMsMax` at most (lend.ts), or has not given the executor its task, since
 * the attempt is being recorded: then the children wait for us.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../shared/errors.ts";
import type { AttemptState } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { ChildError, DecoderAnswer, DecoderMessage, ExecutorMessage } from "../children/protocol.ts";
import type { BlockReport, Fault, JobBlock, JobHooks } from "../types.ts";
import { lendFault } from "./causes.ts";
import { silenceMsMax } from "./child.ts";
import type { Child, ChildEnd, Killed } from "./child.ts";
import { DecoderWord } from "./decoder-word.ts";
import type { AttemptLog } from "./log.ts";
import { kernelKills } from "./memory.ts";
import { startSlot } from "./slot.ts";
import type { Slot, SlotSpec } from "./slot.ts";
import { codeFault, passFault } from "./verdict.ts";
import type { LastWord } from "./verdict.ts";

/** How often limits of time are looked at, as a part of the stall limit. */
const watchShare = 10;
const watchMsMax = 1_000;

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
  readonly #blocks: ReadonlyMap<number, JobBlock>;
  readonly #slot: Slot;
  readonly #word = new DecoderWord();
  /** All frames are with the executor. */
  readonly #decoderDone = Promise.withResolvers<void>();
  /** Messages of the executor are applied one after the other; some wait for the decoder's. */
  #applied: Promise<void> = Promise.resolve();
  #last: LastWord | null = null;
  #lastSign = performance.now();
  /** Blocks that the decoder asked for and has no answer for. */
  #lending = 0;
  #elsewhere = false;
  /** The executor has its task. */
  #begun = false;
  /** The decoder is somebody else's, or gone: nothing is sent to it any more. */
  #isPutAway = false;
  #loaded = false;
  #inHand: number | undefined;
  #bytes = 0;
  #records = 0;
  #recordsOfEnded = 0;

  constructor(context: PassContext) {
    this.#context = context;
    this.#blocks = new Map(context.pass.blocks.map((block) => [block.index, block]));
    this.#slot = startSlot(context);
    void context.recorded.then(() => {
      this.#begun = true;
      this.#lastSign = performance.now();
    });
    const { decoder, executor } = this.#slot;
    decoder.onLine((line) => this.#hear(decoder, line, (message) => this.#fromDecoder(message as DecoderMessage)));
    executor.onLine((line) => this.#hear(executor, line, (message) => this.#queue(message as ExecutorMessage)));
  }

  async run(): Promise<void> {
    const { hooks, task, state, log, pass } = this.#context;
    const { decoder, executor } = this.#slot;
    const kills = kernelKills();
    const stop = (): void => this.#kill("stopped");
    hooks.stop.addEventListener("abort", stop);
    if (hooks.stop.aborted) stop();
    const watch = setInterval(() => this.#watch(), Math.min(watchMsMax, task.limits.stallMs / watchShare));
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
    await this.#applied;
    clearInterval(watch);
    hooks.stop.removeEventListener("abort", stop);
    log.printed(executorEnd.printed);
    if (this.#elsewhere && !hooks.stop.aborted && this.#last === null) return await this.#context.readable.widen();
    // Of small blocks the decoder speaks when some are done: the next pass finds out which of them gives nothing.
    const isUnclear = executorEnd.killed === "stalled" && this.#loaded && this.#inHand === undefined;
    if (isUnclear && this.#context.readable.manyAtOnce) return this.#context.readable.oneByOne();
    const fault = passFault({
      last: this.#last,
      stop: hooks.stop,
      executor: executorEnd,
      decoder: decoderEnd,
      loaded: this.#loaded,
      inHand: this.#inHand,
      awaited: this.#word.firstOpen(pass.blocks),
      keyOf: (block) => this.#blocks.get(block)?.key,
      recordsInHand: Math.max(0, this.#records - this.#recordsOfEnded),
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
    const message = parse(line);
    this.#lastSign = performance.now();
    if (message !== null && message["token"] === this.#context.token) use(message);
    else child.kill("misbehaved");
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
    this.#lending++;
    try {
      const answers = await Promise.all(indices.map(async (index) => await this.#answer(index)));
      if (!answers.includes(null) && !this.#isPutAway) {
        this.#slot.decoder.send({ token: this.#context.token, answers });
      }
    } finally {
      this.#lending--;
      this.#lastSign = performance.now();
    }
  }

  /** Null: this decoder is of no use any more. */
  async #answer(index: number): Promise<DecoderAnswer | null> {
    const block = this.#blocks.get(index);
    if (block === undefined) {
      if (!this.#isPutAway) this.#slot.decoder.kill("misbehaved");
      return null;
    }
    try {
      const lent = await this.#context.hooks.lend(block);
      if (lent.kind === "url" || (await this.#context.readable.allows(lent.path))) return { block: index, lent };
      this.#widen();
      return null;
    } catch (error) {
      return { block: index, refused: lendFault(index, block.key, error) };
    }
  }

  /** A block lies where the decoder may not read: the pass is begun again, with one that may. */
  #widen(): void {
    if (this.#isPutAway) return;
    this.#elsewhere = true;
    this.#kill("finished");
  }

  #queue(message: ExecutorMessage): void {
    const apply = async (): Promise<void> => {
      if (this.#last === null) await this.#fromExecutor(message);
    };
    this.#applied = this.#applied.then(apply).catch((error: unknown) => this.#broken(messageOf(error)));
  }

  async #fromExecutor(message: ExecutorMessage): Promise<void> {
    const { state, log } = this.#context;
    switch (message.say) {
      case "loaded":
        this.#loaded = true;
        break;
      case "begin":
        this.#inHand = message.block;
        break;
      case "progress":
        this.#records = message.records;
        this.#tell();
        break;
      case "ended":
        await this.#blockEnded(message.report);
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
        this.#end({ fault: message.fault });
        break;
      case "spoiled":
        this.#end({ spoiled: message.block });
        break;
      case "cut":
        this.#end({ cut: message.message });
        break;
      case "error":
        this.#end({ fault: this.#faultOfError(message.error) });
        break;
      case "done":
        // What the decoder struck without harm may still be on its way.
        await this.#word.until(() => state.done);
        this.#end(
          state.done ? { done: true } : { fault: codeFault("unreported", "blocks were not reported", this.#inHand) },
        );
        break;
      case "sampled":
      case "rendered":
        this.#broken(`an executor with a job said ${message.say}`);
        break;
    }
  }

  async #blockEnded(report: BlockReport): Promise<void> {
    const { state } = this.#context;
    const unborne = await this.#word.unborne(report.index, this.#blocks.get(report.index)?.size, report.rawBytes);
    const violation = unborne ?? state.violation(report);
    if (violation !== null) return this.#broken(violation);
    state.blockEnded(report);
    this.#recordsOfEnded += report.records;
    this.#inHand = undefined;
    this.#tell();
  }

  #noted(run: RunInfo): string {
    this.#context.runs.set(run.name, run);
    return run.name;
  }

  #faultOfError({ code, message, hint }: ChildError): Fault {
    const told = hint === undefined ? {} : { hint };
    if (!this.#loaded) return { cause: "code", reason: code, message, ...told, beforeFirstRecord: true };
    return { ...codeFault(code, message, this.#inHand), ...told };
  }

  /** The executor said what cannot be. */
  #broken(message: string): void {
    this.#end({ fault: codeFault("invalid-report", `the executor's reports are wrong: ${message}`, this.#inHand) });
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

  #watch(): void {
    const now = performance.now();
    if (this.#lending > 0 || !this.#begun) this.#lastSign = now;
    if (now >= this.#context.deadline) this.#kill("too-long");
    else if (now - this.#lastSign >= silenceMsMax(this.#context.task.limits.stallMs, this.#loaded))
      this.#kill("stalled");
  }

  #tell(): void {
    const { state, hooks } = this.#context;
    hooks.progress({ blocksDone: state.blocksDone, bytes: this.#bytes, records: this.#records });
  }
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
