/**
 * How a child that runs user code ends with its parent. Where the system has util-linux' `setpriv`, the kernel is told to kill
 * the child when its parent dies (PR_SET_PDEATHSIG, which outlives the exec): nothing in the child has to watch, and nothing
 * in it can be in the way. Elsewhere a thread of the child watches (children/guard.ts), which costs as much as starting Node.
 *
 *   parent --spawn--> setpriv --exec--> node entry <id of the parent>
 *
 * The kernel forgets it where the executed file gives rights (`setcap` on node, for a port below 1024): the thread watches then.
 * A parent that dies before the kernel was told would go unnoticed: so the child compares the parent that it has with the one
 * that it was told of, before it does anything.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const places = ["/usr/bin/setpriv", "/bin/setpriv"];

/** Looked for once: does it know the option, and may it be used here? */
let words: readonly string[] | undefined;

/** What is put before the words that start a child; nothing where the kernel cannot be told. */
export function kernelWatch(): readonly string[] {
  words ??= find();
  return words;
}

function find(): readonly string[] {
  const file = process.platform === "linux" ? places.find((place) => existsSync(place)) : undefined;
  if (file === undefined || gainsRights()) return [];
  const before = [file, "--pdeathsig", "KILL", "--"];
  const { status } = spawnSync(file, [...before.slice(1), file, "--version"], { stdio: "ignore", env: {} });
  return status === 0 ? before : [];
}

/** This process runs the file that its children will: had it gained rights by that, so would they. */
function gainsRights(): boolean {
  try {
    return mayHaveGained(readFileSync("/proc/self/status", "utf8"));
  } catch {
    return true;
  }
}

/** Of the text of /proc/<pid>/status: rights of one who is not root came with the file, or were left to it by its parent. */
export function mayHaveGained(status: string): boolean {
  if (/^Uid:\t0\t/m.test(status)) return false;
  return !/^CapPrm:\t0+$/m.test(status);
}
