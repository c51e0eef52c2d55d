/**
 * Real child processes in tests. Each is the leader of a process group of its own, so that a test can do what a terminal does
 * (a signal to the whole group) or what a supervisor does (a signal to the one process), and so that nothing survives the
 * test: its group is killed by id at the test's end, and at the end of the run at the latest.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "./cleanup.ts";

/** Waiting for output or an exit is bounded, or a hung child would hide behind mocha's own time-out, without its output. */
const WAIT_MS_DEFAULT = 45_000;
/** Output is polled: simple, and fine enough for tests. */
const POLL_MS = 10;

export interface StartOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to stdin, which is then closed. Without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Leaves stdin open as a pipe (`child.stdin`), `input` written to it first. */
  readonly holdStdin?: boolean;
}

export interface Ended {
  /** The exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What was printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when the process ended and its output is complete. Never rejects. */
  readonly ended: Promise<Ended>;
  /** To the one process, as a supervisor would. */
  kill(signal: NodeJS.Signals): void;
  /** To its whole group, as Ctrl-C in a terminal would. */
  killGroup(signal: NodeJS.Signals): void;
  /** Waits until stdout or stderr match; rejects, with all output, when it ends or takes too long. */
  waitFor(pattern: RegExp, waitMs?: number): Promise<RegExpMatchArray>;
  /** Waits for the end; rejects, with all output, when it takes too long. */
  waitForEnd(waitMs?: number): Promise<Ended>;
  /** Kills the group with SIGKILL and waits until the process is gone. */
  stop(): Promise<void>;
}

const alive = new Set<number>();

/** The last net: a test run that is interrupted leaves no process behind. */
process.on("exit", () => {
  for (const pid of alive) signalGroup(pid, "SIGKILL");
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The environment of tests without what npm or a developer's settings add to it; where packages come from stays. */
export function cleanEnv(extra: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    const ofMachine = /^npm_config_(registry|cache|userconfig)$/i.test(name);
    if (ofMachine || !/^(npm_|SPOTFOLD_|NODE_OPTIONS$|FORCE_COLOR$|NO_COLOR$)/i.test(name)) env[name] = value;
  }
  for (const [name, value] of Object.entries(extra)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Starts a command. No shell is involved. Throws when it cannot be started. */
export async function start(command: string, args: readonly string[], options: StartOptions = {}): Promise<Started> {
  const holdStdin = options.holdStdin ?? false;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: cleanEnv(options.env),
    stdio: [options.input === undefined && !holdStdin ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  const { stdout, stderr, stdin } = child;
  if (stdout === null || stderr === null) throw new Error("stdio is piped");
  let out = "";
  let err = "";
  stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  const pid = child.pid;
  if (pid === undefined) throw new Error("a process that was spawned has an id");
  alive.add(pid);
  if (stdin !== null) {
    // The child may end without reading: EPIPE is its own business.
    stdin.on("error", () => undefined);
    if (options.input !== undefined) stdin.write(options.input);
    if (!holdStdin) stdin.end();
  }
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout: out, stderr: err }));
  });

  const describeOutput = (): string =>
    `${command} ${args.join(" ")}\n--- stdout\n${out.slice(-4000)}\n--- stderr\n${err.slice(-4000)}`;

  const started: Started = {
    child,
    pid,
    stdout: () => out,
    stderr: () => err,
    ended,
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => signalGroup(pid, signal),
    async waitFor(pattern, waitMs = WAIT_MS_DEFAULT) {
      const until = performance.now() + waitMs;
      let closed = false;
      void ended.then(() => (closed = true));
      for (;;) {
        const wasClosed = closed;
        const match = out.match(pattern) ?? err.match(pattern);
        if (match !== null) return match;
        if (wasClosed) throw new Error(`Ended before it printed ${String(pattern)}: ${describeOutput()}`);
        if (performance.now() > until) throw new Error(`No ${String(pattern)} in ${waitMs} ms: ${describeOutput()}`);
        await sleep(POLL_MS);
      }
    },
    async waitForEnd(waitMs = WAIT_MS_DEFAULT) {
      const controller = new AbortController();
      const late = sleep(waitMs, undefined, { signal: controller.signal }).then(
        () => undefined,
        () => undefined,
      );
      const end = await Promise.race([ended, late]);
      controller.abort();
      if (end === undefined) throw new Error(`Did not end in ${waitMs} ms: ${describeOutput()}`);
      return end;
    },
    async stop() {
      signalGroup(pid, "SIGKILL");
      await gone;
      alive.delete(pid);
    },
  };
  atEnd(() => started.stop());
  return started;
}

/** Starts a command and waits for its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly waitMs?: number } = {},
): Promise<Ended> {
  const started = await start(command, args, options);
  return started.waitForEnd(options.waitMs);
}

/** `run` with the Node that runs the tests. */
export function runNode(
  args: readonly string[],
  options: StartOptions & { readonly waitMs?: number } = {},
): Promise<Ended> {
  return run(process.execPath, args, options);
}
