/**
 * One pass of an attempt in two real children: starts them, applies what they say to the attempt's state, and turns how they
 * ended into a fault. Data goes from the decoder to the executor by a pipe between them and never comes by here.
 *
 *   starting -> running -> (a last word: done, a fault; or a limit; or a stop; or an end without a word) -> both gone -> told
 *
 * Reports of the executor are believed only as far as the decoder bears them out: it says first, on a descriptor of its own,
 * that a block was decoded, from how many bytes, into how many.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../shared/errors.ts";
import type { AttemptState, Pass, RecordFault } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { DecoderMessage, DecoderTask, ExecutorMessage, JobTaskMessage } from "../children/protocol.ts";
import type { Fault, JobBlock, JobHooks, JobTask } from "../types.ts";
import { executorFault, lendFault, stopFault } from "./causes.ts";
import { startChild } from "./child.ts";
import type { Child, Killed } from "./child.ts";
import type { AttemptFolders } from "./folders.ts";
import type { AttemptLog } from "./log.ts";
import { kernelKills, offerToKernel } from "./memory.ts";

/** Windows of decoders, two blocks in hand, and Node itself. */
const decoderHeapBytesMax = 256 * 2 ** 20;
const decoderRssBytesMax = 768 * 2 ** 20;

/** How often limits of time are looked at, as a part of the stall limit. */
const watchShare = 10;
const watchMsMax = 1_000;

/** A decoder whose reader is gone ends at its next write. */
const decoderGraceMs = 1_000;

export interface PassContext {
  readonly task: JobTask;
  readonly hooks: JobHooks;
  readonly state: AttemptState;
  readonly folders: AttemptFolders;
  /** Local files that the decoder may read. */
  readonly blockPaths: readonly string[];
  readonly runs: Map<string, RunInfo>;
  readonly log: AttemptLog;
  readonly token: string;
  readonly number: number;
  /** Monotonic ms at which the attempt must be over. */
  readonly deadline: number;
}

type Last =
  { readonly done: true } | { readonly fault: RecordFault } | { readonly spoiled: number } | { readonly cut: string };

export async function runPass(context: PassContext, pass: Pass): Promise<void> {
  await new RunningPass(context, pass).run();
}

class RunningPass {
  readonly #context: PassContext;
  readonly #pass: Pass;
  readonly #blocks: ReadonlyMap<number, JobBlock>;
  readonly #decoder: Child;
  readonly #executor: Child;
  readonly #decoded = new Map<number, { readonly bytes: number; readonly rawBytes: number }>();
  readonly #decoderFaults = new Map<number, Fault>();
  #decoderGone = false;
  #wake = Promise.withResolvers<void>();
  /** Messages of the executor are applied one after the other; some wait for the decoder's. */
  #applied: Promise<void> = Promise.resolve();
  #last: Last | null = null;
  #lastSign = performance.now();
  #loaded = false;
  #inHand: number | undefined;
  #bytes = 0;
  #records = 0;

  constructor(context: PassContext, pass: Pass) {
    const { task, folders } = context;
    this.#context = context;
    this.#pass = pass;
    this.#blocks = new Map(pass.blocks.map((block) => [block.index, block]));
    this.#decoder = startChild({
      entry: "executor/children/decoder",
      stdin: "ignore",
      stdout: "pipe",
      read: context.blockPaths,
      write: [],
      threads: false,
      heapBytesMax: decoderHeapBytesMax,
      rssBytesMax: decoderRssBytesMax,
      cwd: folders.code,
      lines: false,
    });
    const frames = this.#decoder.process.stdout;
    this.#executor = startChild({
      entry: "executor/children/executor",
      stdin: frames ?? "ignore",
      stdout: "captured",
      read: [folders.code, ...folders.inputs.map((input) => input.path)],
      write: [folders.work],
      threads: true,
      heapBytesMax: task.limits.heapBytesMax,
      rssBytesMax: task.limits.rssBytesMax,
      cwd: folders.work,
      lines: false,
    });
    // The pipe is theirs alone: as long as we held it, neither would see the other's end.
    frames?.destroy();
    offerToKernel(this.#executor.pid);
  }

  async run(): Promise<void> {
    const { hooks } = this.#context;
    const kills = kernelKills();
    this.#decoder.onLine((line) =>
      this.#hear(this.#decoder, line, (message) => this.#fromDecoder(message as DecoderMessage)),
    );
    this.#executor.onLine((line) =>
      this.#hear(this.#executor, line, (message) => this.#queue(message as ExecutorMessage)),
    );
    this.#send();
    const stop = (): void => this.#kill("stopped");
    hooks.stop.addEventListener("abort", stop);
    if (hooks.stop.aborted) stop();
    const watch = setInterval(
      () => this.#watch(),
      Math.min(watchMsMax, this.#context.task.limits.stallMs / watchShare),
    );
    void this.#decoder.ended.then(() => this.#decoderEnded());
    const executorEnd = await this.#executor.ended;
    await this.#applied;
    // Input that ended early is the decoder's doing if it is gone already; one that lives sees the broken pipe and ends.
    if (this.#last !== null && "cut" in this.#last) await Promise.race([this.#decoder.ended, sleep(decoderGraceMs)]);
    this.#decoder.kill("finished");
    const decoderEnd = await this.#decoder.ended;
    clearInterval(watch);
    hooks.stop.removeEventListener("abort", stop);
    this.#context.log.printed(executorEnd.printed);
    const fault = this.#conclude(executorEnd, decoderEnd, kills !== null && (kernelKills() ?? 0) > kills);
    if (fault !== null) this.#context.state.failed(fault);
  }

  #send(): void {
    const { task, folders, token, number } = this.#context;
    const blocks = this.#pass.blocks;
    const decoderTask: DecoderTask = {
      token,
      blocks: blocks.map(({ index, key, size, etag }) => ({ index, key, size, etag })),
      rawBytesMax: null,
    };
    const executorTask: JobTaskMessage = {
      task: "job",
      token,
      bundle: { path: folders.bundle, params: task.bundle.params, inputs: folders.inputs },
      scratch: folders.work,
      records: task.records,
      columns: task.columns,
      publishBy: task.publishBy,
      blocks,
      leftOut: this.#pass.leftOut,
      runs: this.#pass.runs,
      prefix: `pass${number}`,
      checkpointStateBytes: task.limits.checkpointStateBytes,
      checkpointMs: task.limits.checkpointMs,
      heapBytesMax: task.limits.heapBytesMax,
    };
    this.#decoder.send(decoderTask);
    this.#executor.send(executorTask);
  }

  #hear(child: Child, line: string, use: (message: unknown) => void): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    const genuine =
      typeof message === "object" && message !== null && "token" in message && message.token === this.#context.token;
    if (genuine) use(message);
    else child.kill("misbehaved");
  }

  #fromDecoder(message: DecoderMessage): void {
    this.#lastSign = performance.now();
    switch (message.say) {
      case "lend":
        void this.#lend(message.block);
        break;
      case "progress":
        this.#bytes = message.bytes;
        this.#tell();
        break;
      case "decoded":
        this.#decoded.set(message.block, message);
        break;
      case "fault":
        if (message.fault.block !== undefined) this.#decoderFaults.set(message.fault.block, message.fault);
        // A block that gave nothing is struck without harm; anything else of that kind ends the pass.
        if (!message.spoiled && !this.#context.state.strike(message.fault)) this.#end({ fault: message.fault });
        break;
      case "done":
        break;
    }
    this.#decoderSaid();
  }

  async #lend(index: number): Promise<void> {
    const block = this.#blocks.get(index);
    if (block === undefined) return this.#decoder.kill("misbehaved");
    try {
      this.#decoder.send({ block: index, lent: await this.#context.hooks.lend(block) });
    } catch (error) {
      this.#decoder.send({ block: index, refused: lendFault(index, block.key, error) });
    }
  }

  #queue(message: ExecutorMessage): void {
    this.#lastSign = performance.now();
    this.#applied = this.#applied
      .then(() => this.#fromExecutor(message))
      .catch((error: unknown) => this.#broken(messageOf(error)));
  }

  async #fromExecutor(message: ExecutorMessage): Promise<void> {
    if (this.#last !== null) return;
    const { state, runs, log } = this.#context;
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
      case "ended": {
        const violation =
          (await this.#unborne(message.report.index, message.report.rawBytes)) ?? state.violation(message.report);
        if (violation !== null) return this.#broken(violation);
        state.blockEnded(message.report);
        this.#inHand = undefined;
        this.#tell();
        break;
      }
      case "checkpoint":
        for (const run of message.runs) runs.set(run.name, run);
        state.checkpoint(message.runs.map((run) => run.name));
        break;
      case "merged":
        if (message.run === null) return this.#broken("runs were merged into nothing");
        runs.set(message.run.name, message.run);
        state.merged(message.run.name);
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
        while (!state.done && !this.#decoderGone) await this.#wake.promise;
        this.#end(state.done ? { done: true } : { fault: this.#code("unreported", "blocks were not reported") });
        break;
      case "sampled":
      case "rendered":
        this.#broken(`an executor with a job said ${message.say}`);
        break;
    }
  }

  /** Why the decoder does not bear out that this block ended, or null when it does. */
  async #unborne(index: number, rawBytes: number): Promise<string | null> {
    while (!this.#decoded.has(index) && !this.#decoderGone) await this.#wake.promise;
    const decoded = this.#decoded.get(index);
    const size = this.#blocks.get(index)?.size;
    if (decoded === undefined) return `block ${index} was reported, but never decoded`;
    if (decoded.bytes !== size) return `block ${index} was decoded from ${decoded.bytes} of ${size} bytes`;
    return decoded.rawBytes === rawBytes
      ? null
      : `block ${index} was decoded into ${decoded.rawBytes} bytes, ${rawBytes} were reported`;
  }

  #faultOfError({ code, message }: { code: string; message: string }): Fault {
    if (!this.#loaded) return { cause: "code", reason: code, message, beforeFirstRecord: true };
    return this.#code(code, message);
  }

  /** A fault of the analysis, in the block in hand if there is one. */
  #code(reason: string, message: string): Fault {
    const fault = { cause: "code", reason, message } as const;
    return this.#inHand === undefined ? fault : { ...fault, block: this.#inHand };
  }

  /** The executor said what cannot be. */
  #broken(message: string): void {
    this.#end({ fault: this.#code("invalid-report", `the executor's reports are wrong: ${message}`) });
  }

  #end(last: Last): void {
    this.#last ??= last;
    if (!("cut" in last)) this.#kill("finished");
  }

  #kill(why: Killed): void {
    this.#executor.kill(why);
    this.#decoder.kill(why);
  }

  #watch(): void {
    const now = performance.now();
    if (now >= this.#context.deadline) this.#kill("too-long");
    else if (now - this.#lastSign >= this.#context.task.limits.stallMs) this.#kill("stalled");
  }

  #tell(): void {
    this.#context.hooks.progress({
      blocksDone: this.#context.state.blocksDone,
      bytes: this.#bytes,
      records: this.#records,
    });
  }

  #decoderEnded(): void {
    this.#decoderGone = true;
    this.#decoderSaid();
  }

  #decoderSaid(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  /** The fault that ended the pass, or null when every block is settled. */
  #conclude(
    executor: Awaited<Child["ended"]>,
    decoder: Awaited<Child["ended"]>,
    kernelKilled: boolean,
  ): RecordFault | null {
    const { hooks, task } = this.#context;
    const last = this.#last;
    if (last !== null && "done" in last) return null;
    if (hooks.stop.aborted) return stopFault(hooks.stop.reason);
    if (last !== null && "fault" in last) return last.fault;
    if (last !== null && "spoiled" in last) {
      return (
        this.#decoderFaults.get(last.spoiled) ??
        this.#code("invalid-report", "the executor blamed a block without cause")
      );
    }
    if (executor.killed === "stalled" || executor.killed === "too-long") return this.#late(executor.killed);
    if (executor.killed === "misbehaved") return this.#code("invalid-report", "the executor's reports are no reports");
    // The executor notices that the decoder has gone, and ends by itself: the first to go is to blame.
    const decoderFailed =
      decoder.killed === "memory" || decoder.killed === "misbehaved" || (decoder.killed === null && decoder.code !== 0);
    if (last !== null && "cut" in last && decoderFailed) {
      const how = decoder.killed ?? decoder.signal ?? `code ${decoder.code}`;
      return {
        cause: "infrastructure",
        reason: "decoder-ended",
        message: `the decoder ended early (${how}): ${decoder.printed.slice(-300)}`,
      };
    }
    if (last !== null && "cut" in last) return this.#code("stdin", `the executor's input is broken: ${last.cut}`);
    return executorFault({
      end: executor,
      loaded: this.#loaded,
      block: this.#inHand,
      kernelKilled,
      rssBytesMax: task.limits.rssBytesMax,
    });
  }

  #late(why: "stalled" | "too-long"): Fault {
    const { limits } = this.#context.task;
    if (why === "too-long") {
      return {
        cause: "timeout",
        reason: "attempt-too-long",
        message: `the attempt took longer than ${limits.attemptMs} ms`,
      };
    }
    const fault = { cause: "timeout", reason: "stalled", message: `no progress for ${limits.stallMs} ms` } as const;
    if (!this.#loaded) return { ...fault, beforeFirstRecord: true };
    // With no block in hand the executor waits for the decoder, whose next block is the first that is not settled.
    const block =
      this.#inHand ??
      this.#pass.blocks.find(({ index }) => !this.#decoded.has(index) && !this.#decoderFaults.has(index))?.index;
    return block === undefined ? fault : { ...fault, block };
  }
}
