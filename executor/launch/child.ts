/**
 * Starts one child with no rights but those it needs, and holds it to its limits.
 *
 *   empty environment; Node's permission model; no addons, no processes, no SQLite (which would write anywhere)
 *   what it prints is read and kept up to a bound; what it reports is read as lines
 *   memory above the limit, or no sign of life for too long: killed, and the reason kept
 */
import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { ChildName } from "./build-children.ts";
import { childCode } from "./children-code.ts";
import { kernelWatch } from "./kernel-watch.ts";
import { waitingLine } from "../children/protocol.ts";
import { memoryPollMs, residentBytes } from "./memory.ts";

/** Of what a child prints, both streams together: enough for a stack or a person's debugging. */
export const printedBytesMax = 1024 * 1024;

/** A line on a report descriptor that is longer was not written by us. */
const reportLineCharsMax = 64 * 1024 * 1024;

/** Young generation; the default of 16 MB a semi-space costs three times that in memory that is touched, and gains little. */
const semiSpaceMb = 8;

/**
 * Starting may take this long whatever the stall limit: on a machine that is busy with as many children as it has cores,
 * Node's own start takes a second, and that says nothing about an analysis.
 */
const startMsMin = 5_000;

/** How long a child may give no sign of life: longer until its bundle is loaded. */
export function silenceMsMax(stallMs: number, loaded: boolean): number {
  return loaded ? stallMs : Math.max(stallMs, startMsMin);
}

export interface ChildSpec {
  readonly entry: ChildName;
  /** An input that somebody is to be handed the other end of: `handOver`. */
  readonly input: boolean;
  /** Files and folders that may be read besides Spotfold's own code. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** It runs user code: it cannot be relied on to notice the end of its parent. */
  readonly userCode: boolean;
  readonly heapBytesMax: number;
  readonly rssBytesMax: number;
  /** Working folder; must be readable. */
  readonly cwd: string;
  /** Besides the descriptors 3 and 4: one for lines of results, or a channel by which it is handed another child's input. */
  readonly extra: "lines" | "channel" | null;
}

/** Why we killed it. */
export type Killed = "memory" | "stalled" | "too-long" | "stopped" | "finished" | "misbehaved";

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly killed: Killed | null;
  readonly printed: string;
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** It has started, and waits for its task; or it has ended. Never rejects. */
  readonly waiting: Promise<void>;
  /** Who hears the lines of the report descriptor, as they come, not JSON yet. A line that nobody hears is misbehaviour. */
  onLine(listener: ((line: string) => void) | null): void;
  /** Hands the other end of `from`'s input to this child, which has a channel; it is no longer ours. */
  handOver(from: Child): void;
  send(message: unknown): void;
  kill(why: Killed): void;
  readonly lines: Readable | null;
  /** The process has ended and all its lines were given out. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /**
   * Calls `listener` then, unless what it answers with is called before. For who waits for a child that outlives what waits: a
   * reaction to `ended` would stay, with all that it holds.
   */
  onEnd(listener: () => void): () => void;
}

export function startChild(spec: ChildSpec): Child {
  const watch = spec.userCode ? kernelWatch() : [];
  const [file = "", ...words] = [...watch, process.execPath, ...argumentsOf(spec, watch.length > 0)];
  const process_ = spawn(file, words, {
    // Dates are the same everywhere: in UTC.
    env: { TZ: "UTC" },
    cwd: spec.cwd,
    stdio: stdioOf(spec),
    windowsHide: true,
  });
  return supervise(process_, spec);
}

function argumentsOf(spec: ChildSpec, watched: boolean): string[] {
  const code = childCode(spec.entry);
  const read = [...code.read, spec.cwd, ...spec.read];
  return [
    "--permission",
    ...read.map((path) => `--allow-fs-read=${path}`),
    ...spec.write.map((path) => `--allow-fs-write=${path}`),
    ...(spec.userCode && !watched ? ["--allow-worker"] : []),
    "--no-experimental-sqlite",
    "--disable-warning=SecurityWarning",
    "--disable-warning=ExperimentalWarning",
    "--enable-source-maps",
    "--no-addons",
    `--max-old-space-size=${Math.ceil(spec.heapBytesMax / 2 ** 20)}`,
    `--max-semi-space-size=${semiSpaceMb}`,
    code.entry,
    ...(watched ? [String(process.pid)] : []),
  ];
}

function stdioOf({ input, extra }: ChildSpec): StdioOptions {
  const more = extra === null ? [] : [extra === "lines" ? ("pipe" as const) : ("ipc" as const)];
  return [input ? "pipe" : "ignore", "pipe", "pipe", "pipe", "pipe", ...more];
}

function supervise(child: ChildProcess, spec: ChildSpec): Child {
  let killed: Killed | null = null;
  const printed: Buffer[] = [];
  let room = printedBytesMax;
  const keep = (chunk: Buffer): void => {
    if (room > 0) printed.push(chunk.subarray(0, room));
    room -= chunk.length;
  };
  const kill = (why: Killed): void => {
    killed ??= why;
    child.kill("SIGKILL");
  };
  // A pipe whose other end is gone fails in its own time; how the child ended says all there is to say.
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  child.stderr?.on("data", keep);
  child.stdout?.on("data", keep);
  const reports = child.stdio[4] as Readable;
  const control = child.stdio[3] as Writable;
  const stopPolling = pollMemory(child, spec.rssBytesMax, () => kill("memory"));
  const allRead = Promise.all([reports, child.stderr, child.stdout].map((stream) => closed(stream)));
  let listener: ((line: string) => void) | null = null;
  let waits = false;
  const waiting = Promise.withResolvers<void>();
  readLines(reports, (line) => {
    if (!waits && line === waitingLine) {
      waits = true;
      waiting.resolve();
    } else if (line === null || listener === null) kill("misbehaved");
    else listener(line);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
  const ended = (async (): Promise<ChildEnd> => {
    const { code, signal } = await exited;
    stopPolling();
    waiting.resolve();
    control.destroy();
    if (child.pid !== undefined) await allRead;
    return { code, signal, killed, printed: Buffer.concat(printed).toString() };
  })();
  const endListeners = new Set<() => void>();
  void ended.then(() => {
    for (const listener of endListeners) listener();
  });
  return {
    pid: child.pid ?? -1,
    process: child,
    onEnd: (listener) => {
      endListeners.add(listener);
      return () => void endListeners.delete(listener);
    },
    waiting: waiting.promise,
    onLine: (next) => void (listener = next),
    handOver: ({ process: { stdin } }) => {
      // One that is gone takes nothing; that it is gone says all there is to say.
      if (child.connected && stdin !== null) child.send("input", stdin as Socket, () => undefined);
      else stdin?.destroy();
    },
    send: (message) => void control.write(`${JSON.stringify(message)}\n`),
    kill,
    lines: spec.extra === "lines" ? ((child.stdio as (Readable | null)[])[5] ?? null) : null,
    ended,
  };
}

async function closed(stream: Readable | null): Promise<void> {
  if (stream !== null && !stream.closed) await new Promise<void>((resolve) => stream.once("close", resolve));
}

/** Null for a line that is too long. The last line ends with the stream. */
function readLines(stream: Readable, give: (line: string | null) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = text.split("\n");
    lines[0] = rest + (lines[0] ?? "");
    rest = lines.pop() ?? "";
    for (const line of lines) give(line);
    if (rest.length > reportLineCharsMax) give(null);
  });
  stream.on("end", () => {
    if (rest !== "") give(rest);
  });
}

function pollMemory(child: ChildProcess, bytesMax: number, over: () => void): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  let stopped = false;
  const poll = async (): Promise<void> => {
    const bytes = await residentBytes(pid);
    if (!stopped && bytes !== null && bytes > bytesMax) over();
  };
  const timer = setInterval(() => void poll(), memoryPollMs);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
