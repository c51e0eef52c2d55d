/**
 * The CPU time of each process of a command, read from /proc while they live (Linux). What a process does after it was last
 * looked at is not seen, nor one that lives for less than the interval: the sum is a little less than what the system counts.
 */
import { readdirSync, readFileSync } from "node:fs";
import { costOf, type Command, type Cost } from "./measure.ts";

const lookedAtEveryMs = 25;

/** The unit of times in /proc/<pid>/stat: 100 to the second on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface ProcessTime {
  readonly parent: number;
  /** Program and arguments, as last seen. */
  readonly words: readonly string[];
  /** User and system time, seconds. */
  readonly cpu: number;
}

export interface Processes {
  readonly cost: Cost;
  readonly byPid: ReadonlyMap<number, ProcessTime>;
}

/** Runs a command to its end. Throws as `costOf` does. */
export async function processTimes(command: Command): Promise<Processes> {
  const byPid = new Map<number, ProcessTime>();
  const timer = setInterval(() => look(byPid), lookedAtEveryMs);
  try {
    return { cost: await costOf(command), byPid };
  } finally {
    clearInterval(timer);
  }
}

function look(byPid: Map<number, ProcessTime>): void {
  // A child has mostly a greater number than its parent, so that one look finds both.
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    const seen = byPid.get(pid);
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // The program's name is in brackets, and may hold anything: the fields count from behind it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]].map(Number);
      if (seen === undefined && parent !== process.pid && !byPid.has(parent)) continue;
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      const cpu = (user + system) / ticksPerSecond;
      // One that is no child of ours any more keeps the parent that it began with; one that has ended has no words.
      byPid.set(pid, { parent: seen?.parent ?? parent, words: words.length > 1 ? words : (seen?.words ?? []), cpu });
    } catch {
      // It has ended meanwhile.
    }
  }
}
