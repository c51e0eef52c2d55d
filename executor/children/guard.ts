/**
 * What stands around user code in its process, put up before the first line of it is loaded:
 *
 * - A watcher thread waits on the descriptor whose other end is the parent. When the parent is gone it ends, and the thread
 *   kills the process, whatever the main thread is doing. Once it runs, the right to start threads is dropped.
 * - What the permission model leaves open and an analysis has no use for is taken away: signals to other processes (the
 *   parent has the same user), priorities, the debugger's door, loaders of native code.
 * - `console` and `process.stdout` write to a bounded sink: beyond the bound, printing costs a comparison.
 *
 * This is no sandbox on its own; files, processes and environment are held by Node's permission model and by an empty
 * environment (docs/decisions/0004-children.md says what stays open).
 */
import { writeSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Worker } from "node:worker_threads";
import { writeAll } from "./control.ts";
import { taskDescriptor } from "./protocol.ts";

/** Of what user code prints, per process; the parent keeps as much of an attempt. */
export const printedBytesMax = 1024 * 1024;

/** The thread does nothing but wait; with less than 8 MB it cannot start where no flag of the process says otherwise. */
const watcherHeapMb = 16;
const watcherStackMb = 1;

/**
 * A thread that cannot start (its working folder is gone: the parent died, and its scratch was cleared away) says nothing to a
 * main thread that waits for it. Far longer than a start takes on a machine with twenty times its load.
 */
const watcherStartMsMax = 20_000;

/**
 * Plain JavaScript in a string: the thread starts without a loader and without stripping types. It waits in an event loop of
 * its own, not in a read: a thread that is blocked could not be ended, and the process not end, by `process.exit`.
 */
const watcherSource = `
const { Socket } = require("node:net");
const { workerData } = require("node:worker_threads");
const gone = () => process.kill(process.pid, "SIGKILL");
new Socket({ fd: workerData.descriptor, readable: true, writable: false }).on("error", gone).on("close", gone).resume();
Atomics.store(workerData.ready, 0, 1);
Atomics.notify(workerData.ready, 0);
`;

/** Starts the watcher and waits until it runs. */
export function watchParent(): void {
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(watcherSource, {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { ready, descriptor: taskDescriptor },
    resourceLimits: { maxOldGenerationSizeMb: watcherHeapMb, maxYoungGenerationSizeMb: 1, stackSizeMb: watcherStackMb },
  });
  worker.unref();
  if (Atomics.wait(ready, 0, 0, watcherStartMsMax) === "timed-out") process.kill(process.pid, "SIGKILL");
}

/** Properties of `process` that reach other processes, native code or the debugger. */
const takenFromProcess = [
  "kill",
  "_kill",
  "_debugProcess",
  "_debugEnd",
  "execve",
  "dlopen",
  "binding",
  "_linkedBinding",
];

/** Likewise of modules. A thread would have a `process` of its own, with all that was taken from ours. */
const takenFromModules: readonly (readonly [module: string, name: string])[] = [
  ["node:os", "setPriority"],
  ["node:v8", "setFlagsFromString"],
  ["node:v8", "setHeapSnapshotNearHeapLimit"],
  ["node:worker_threads", "Worker"],
];

/** Takes away what user code has no use for. */
export function disarm(): void {
  for (const name of takenFromProcess) {
    Object.defineProperty(process, name, { value: refuse(`process.${name}`), configurable: false, writable: false });
  }
  const require = createRequire(import.meta.url);
  for (const [module, name] of takenFromModules) {
    const taken = { value: refuse(`${module}'s ${name}`), configurable: false, writable: false, enumerable: true };
    Object.defineProperty(require(module) as object, name, taken);
  }
  syncBuiltinESMExports();
  // Node 24 before 24.17 or so cannot drop a permission; there the line above is all that keeps threads away.
  const permission = process.permission as (NodeJS.ProcessPermission & { drop?: (scope: string) => void }) | undefined;
  permission?.drop?.("worker");
}

function refuse(name: string): () => never {
  // A function that `new` may be used on, too.
  return function refused() {
    throw new Error(`${name} is not available to an analysis`);
  };
}

/** Replaces `process.stdout` and `process.stderr`, to which `console` writes, by sinks that stop at the bound. */
export function boundOutput(): void {
  const { Writable } = createRequire(import.meta.url)("node:stream") as typeof import("node:stream");
  const write = writeSync;
  let left = printedBytesMax;
  const sink = (descriptor: number): InstanceType<typeof Writable> => {
    const stream = new Writable({ decodeStrings: false, write: (_chunk, _encoding, done) => done() });
    stream.write = (chunk: unknown): boolean => {
      if (left <= 0) return true;
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
      writeAll(write, descriptor, bytes.subarray(0, left));
      left -= bytes.length;
      return true;
    };
    return stream;
  };
  Object.defineProperty(process, "stdout", { value: sink(1), configurable: false });
  Object.defineProperty(process, "stderr", { value: sink(2), configurable: false });
}
