/**
 * The worker process of one `run`, and what becomes of it.
 *
 *   working --it dies--> its leases are given back, the death is told, another is started
 *           --it dies `deathsInRowMax` times with no block done between--> failed
 *           --drain()--> draining: SIGTERM, it hands on what is checkpointed and ends
 *           --kill()---> killed
 *
 * The child is in a process group of its own, so that Ctrl-C in a terminal reaches us alone; it drains by itself when the
 * channel to us closes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { flagsOf } from "../compose/settings.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { commandPath } from "../../shared/package-root.ts";
import { visibleLine } from "../visible.ts";
import type { Trouble } from "./trouble.ts";
import type { WorkerMessage } from "./worker-messages.ts";

/** One death may be the machine's; so many in a row, with nothing done between, are ours or the analysis'. */
const deathsInRowMax = 5;

/** What a dead worker printed last, for the message about it. */
const tailChars = 2000;

/** Where the environment is to blame, the next worker has time for a cure. */
const troubleMs = 1000;

/** A worker that was told to drain, and has nothing in hand, is gone in a moment; then it is killed. */
const patienceMs = 5000;

export interface CrewOptions {
  readonly settings: Settings;
  readonly slots: number;
  /** A worker died: gives back what it held. */
  readonly onDeath: () => Promise<void>;
  /** Whether the environment is to blame: by what a worker said last, if it did, and by what happens around. */
  readonly isTrouble: (said: SpotfoldError | null) => boolean;
  /** Told what the queue does to the worker. */
  readonly queue: Pick<Trouble, "queueFailed" | "queueAnswered" | "queueUnknown" | "worked">;
  readonly say: (line: string) => void;
}

export interface CrewProgress {
  /** Blocks that attempts of ours are done with, and their compressed bytes. */
  readonly blocks: number;
  readonly bytes: number;
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #failure = new AbortController();
  readonly #ended = new Map<string, CrewProgress>();
  readonly #running = new Map<string, CrewProgress>();
  #child: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();
  #draining = false;
  /** How each ended, since a block was done. */
  #deaths: string[] = [];
  #told: WorkerMessage | null = null;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Aborts, with the error as its reason, when no worker can be kept alive. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  start(): void {
    const { settings, slots } = this.#options;
    const args = [commandPath, "worker", "--attached", "--slots", String(slots), ...flagsOf(settings)];
    const child = spawn(process.execPath, args, {
      cwd: settings.folder,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    let tail = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (tail = (tail + text).slice(-tailChars)));
    child.on("message", (message) => this.#hear(message as WorkerMessage));
    this.#gone = new Promise((resolve) => {
      // One that could not be started says "error", and then "close" like any other: one death.
      child.once("error", (error) => (tail = error.message));
      child.once("close", (code, signal) => {
        void this.#died(code, signal, tail).finally(resolve);
      });
    });
  }

  progress(): CrewProgress {
    const all = [...this.#ended.values(), ...this.#running.values()];
    return {
      blocks: all.reduce((sum, { blocks }) => sum + blocks, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** The process that works now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the worker has ended in order. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#child?.kill("SIGTERM");
    await this.#gone;
  }

  /** For a worker that has nothing in hand any more. */
  async dismiss(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill("SIGKILL"), patienceMs);
    await this.drain();
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#draining = true;
    this.#child?.kill("SIGKILL");
    await this.#gone;
  }

  #hear(message: WorkerMessage): void {
    if (message.say === "gave-up" || message.say === "failed") {
      this.#told = message;
      return;
    }
    const { queue } = this.#options;
    if (message.say === "queue-failed") return queue.queueFailed(message);
    if (message.say === "queue-back") return queue.queueAnswered();
    queue.worked();
    const { attempt, blocks, bytes } = message;
    if (message.say === "progress") {
      this.#running.set(attempt, { blocks, bytes });
      return;
    }
    this.#running.delete(attempt);
    this.#ended.set(attempt, { blocks, bytes });
    if (blocks > 0) this.#deaths = [];
  }

  async #died(code: number | null, signal: NodeJS.Signals | null, tail: string): Promise<void> {
    this.#child = null;
    this.#running.clear();
    // The next one says so again.
    this.#options.queue.queueUnknown();
    if (this.#draining) return;
    const told = this.#told;
    this.#told = null;
    const ended = signal === null ? `ended with code ${code ?? "none"}` : `was killed by ${signal}`;
    const how = told?.say === "gave-up" ? `gave up: ${told.why}` : ended;
    this.#deaths.push(how);
    await this.#options
      .onDeath()
      .catch((error: unknown) => this.#options.say(`its jobs come back later: ${String(error)}`));
    if (this.#options.isTrouble(told?.say === "failed" ? failureOf(told) : null)) {
      this.#deaths = [];
      setTimeout(() => {
        if (!this.#draining) this.start();
      }, troubleMs);
      return;
    }
    if (told?.say === "failed") {
      this.#failure.abort(workerFailed(told));
      return;
    }
    if (this.#deaths.length >= deathsInRowMax) {
      this.#failure.abort(workersDied(this.#deaths, tail));
      return;
    }
    this.#options.say(`the worker ${how}; its jobs were given back, another one starts`);
    if (!this.#draining) this.start();
  }
}

/** What a worker told, as the error that it was there. */
function failureOf(told: WorkerMessage & { readonly say: "failed" }): SpotfoldError {
  const { code, message, hint } = told;
  return new SpotfoldError(code, message, hint === undefined ? {} : { hint });
}

/** It said itself why it cannot work. What is no error of ours (a system call that failed) has no code of ours. */
function workerFailed(told: WorkerMessage & { readonly say: "failed" }): SpotfoldError {
  const { code, message, hint } = told;
  const options = { hint: hint ?? "spotfold doctor tries whatever a run needs here." };
  return new SpotfoldError(code === "internal" ? "worker-died" : code, `the worker failed: ${message}`, options);
}

/** `tail`: what the last one printed. */
function workersDied(deaths: readonly string[], tail: string): SpotfoldError {
  const times = [...Map.groupBy(deaths, (how) => how)].map(
    ([how, same]) => `${how}${same.length === 1 ? "" : ` (${same.length} times)`}`,
  );
  const last = tail.trim().split("\n").at(-1) ?? "";
  const said = last === "" ? "" : ` It said last: ${visibleLine(last)}`;
  const killed = deaths.every((how) => how.endsWith("SIGKILL"));
  return new SpotfoldError(
    "worker-died",
    `the worker died ${deaths.length} times in a row: it ${times.join(", it ")}`,
    {
      hint: killed
        ? `Something on this machine kills it: when memory is short, the kernel does; give it fewer --slots.${said}`
        : `spotfold doctor tries whatever a run needs here.${said}`,
    },
  );
}
