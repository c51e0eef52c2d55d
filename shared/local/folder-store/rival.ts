/**
 * A second process on a folder store, for the start-up probe (store-probe.ts) and for tests of races. It is
 * forked from rival-entry.ts with the folder as its argument, answers calls, and ends itself when its parent is gone.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { extname, join } from "node:path";
import { messageOf, SpotfoldError } from "../../errors.ts";
import { contend } from "../../store-probe.ts";
import type { Rival, RivalAnswer, RivalCall } from "../../store-probe.ts";
import { FolderBlobStore } from "./store.ts";

type Reply = { readonly answer: RivalAnswer } | { readonly failed: string };

/** How long a call may take: far longer than the store's own lock wait would be on a healthy disk. */
const callWaitMsMax = 60_000;

/** Beside this file, with its extension: TypeScript in a checkout, JavaScript in the package. */
const entryBeside = join(import.meta.dirname, `rival-entry${extname(import.meta.filename)}`);

/** `entry`: the program that calls `runRival`. */
export async function startFolderRival(path: string, entry: string = entryBeside): Promise<Rival> {
  const child = fork(entry, [path], { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [], env: {} });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  return {
    call: (call) => callChild(child, path, call),
    close() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

function callChild(child: ChildProcess, path: string, call: RivalCall): Promise<RivalAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => settle(() => reject(failed(path, reason)));
    const onMessage = (reply: Reply): void =>
      "answer" in reply ? settle(() => resolve(reply.answer)) : fail(reply.failed);
    const onExit = (): void => fail("it ended");
    const timer = setTimeout(() => fail(`no answer within ${callWaitMsMax / 1000} s`), callWaitMsMax);
    const settle = (answer: () => void): void => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit).off("error", onExit);
      answer();
    };
    child.on("message", onMessage).on("exit", onExit).on("error", onExit);
    if (child.exitCode !== null || child.signalCode !== null || !child.connected) onExit();
    else child.send(call, (error) => (error === null ? undefined : fail(error.message)));
  });
}

function failed(path: string, reason: string): SpotfoldError {
  return new SpotfoldError("store-unavailable", `The second process that probes file:${path} failed: ${reason}.`, {
    hint: "Processes must be allowed to start; see its output above.",
    context: { path },
  });
}

/** The second process: opens the folder and answers its parent's calls until that is gone. */
export async function runRival(path: string): Promise<void> {
  const store = await FolderBlobStore.open(path);
  process.on("message", (call: RivalCall) => {
    void reply(store, call);
  });
  process.once("disconnect", () => {
    void store.close();
  });
}

async function reply(store: FolderBlobStore, call: RivalCall): Promise<void> {
  let reply: Reply;
  try {
    reply = { answer: await contend(store, call) };
  } catch (error) {
    reply = { failed: messageOf(error) };
  }
  process.send?.(reply);
}
