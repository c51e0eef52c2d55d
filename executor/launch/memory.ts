/**
 * How much memory a child really uses. V8's own limit does not count buffers, and the kernel would kill whom it likes: so the
 * parent looks, and the executor is offered to the kernel first.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

/** How often a child's memory is looked at. Fresh memory can be filled at a few GB/s, so at least ten times a second. */
export const memoryPollMs = process.platform === "linux" ? 100 : 1_000;

/** Of -1000 to 1000: the kernel takes the executor before anything that matters. */
const oomScoreOfExecutors = 900;

/** Resident bytes; null when the process is gone or cannot be asked. */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return await residentByPs(pid);
  try {
    // In kB whatever the size of a page is, which differs between arm64 kernels.
    const kib = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) * 1_024;
  } catch {
    return null;
  }
}

function residentByPs(pid: number): Promise<number | null> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (error, stdout) => {
      const kib = Number.parseInt(stdout, 10);
      resolve(error === null && Number.isFinite(kib) ? kib * 1_024 : null);
    });
  });
}

/** Linux only; a hint that may be refused. */
export function offerToKernel(pid: number): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(oomScoreOfExecutors));
  } catch {
    // The process may be gone already, or the container forbids it: the poll still holds the limit.
  }
}

/** How many processes the kernel has killed for want of memory since it started; null where it does not say. */
export function kernelKills(): number | null {
  if (process.platform !== "linux") return null;
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "utf8"))?.[1];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}
