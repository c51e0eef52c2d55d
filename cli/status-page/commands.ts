/**
 * Commands of this command line as processes of their own, their words as a list, no shell between.
 *
 *   started -> ended by itself
 *           -> told to end: it took too long, nobody waits for it any more, or the server ends; by force when it does not
 *
 * So many at a time: whoever asks for more is told so. None outlives its server for long: one that is killed by force leaves a pipe
 * that closes, which a command takes for SIGTERM, and for another one when it has not ended after the same patience (bin/start.cjs).
 * Whatever it had done by then, doing it again does no harm.
 */
import { spawn } from "node:child_process";
import { processEnvironment } from "../../shared/config/environment.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** Of a command's output; the rest of it is cut. */
const outputCharsMax = 64 * 1024;
/** Of a plan: hundreds of values for each dimension of a filter. */
const planCharsMax = 4 * 1024 * 1024;
/** A command that has not ended by then waits for a store, and whoever asked has gone. */
const commandMsMax = 120_000;
/** From being told to end to force: a command that stores something needs a moment. */
const patienceMsDefault = 5_000;

export interface CommandsInput {
  /** Of JavaScript, which takes the words. */
  readonly script: string;
  /** Where relative paths belong. */
  readonly folder: string;
  readonly atOnceMax: number;
  readonly msMax?: number;
  readonly patienceMs?: number;
}

export interface Ended {
  /** Null: by force, or a signal. */
  readonly code: number | null;
  readonly out: string;
  /** Both streams. */
  readonly output: string;
}

export class Commands {
  readonly #input: CommandsInput;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<Ended>>();

  constructor(input: CommandsInput) {
    this.#input = input;
  }

  /** `left`: nobody waits for it any more. Throws `limit` when as many as may run, or the server ends. */
  async run(words: readonly string[], left?: AbortSignal): Promise<Ended> {
    if (this.#stop.signal.aborted) throw new SpotfoldError("limit", "this server ends");
    if (this.#running.size >= this.#input.atOnceMax)
      throw new SpotfoldError("limit", "another command of this page runs; wait until it has ended");
    const running = execute(
      this.#input,
      words,
      AbortSignal.any([this.#stop.signal, ...(left === undefined ? [] : [left])]),
    );
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running);
  }
}

async function execute(input: CommandsInput, words: readonly string[], unwanted: AbortSignal): Promise<Ended> {
  const { script, folder, msMax = commandMsMax, patienceMs = patienceMsDefault } = input;
  const launcher = { SPOTFOLD_LAUNCHER: String(process.pid), SPOTFOLD_LAUNCHER_PATIENCE_MS: String(patienceMs) };
  const env = { ...processEnvironment().variables, ...launcher };
  // The last is the pipe that closes when this process ends, however it does.
  const child = spawn(process.execPath, [script, ...words], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = { out: "", output: "" };
  const take = (text: string): void => void (texts.output = (texts.output + text).slice(0, outputCharsMax));
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    texts.out = (texts.out + text).slice(0, planCharsMax);
    take(text);
  });
  child.stderr?.setEncoding("utf8").on("data", take);
  const pipe = child.stdio[3];
  // An error that nobody hears would end the server.
  pipe?.on("error", () => undefined);
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill("SIGTERM");
    force ??= setTimeout(() => {
      child.kill("SIGKILL");
      // A process that it left behind may hold them open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      pipe?.destroy();
    }, patienceMs);
  };
  const limit = setTimeout(end, msMax);
  if (unwanted.aborted) end();
  else unwanted.addEventListener("abort", end, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    return { code, ...texts };
  } finally {
    clearTimeout(limit);
    clearTimeout(force);
    unwanted.removeEventListener("abort", end);
  }
}
