/** What a child process measures of itself, and tells its parent on a line of JSON. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Measured {
  /** Seconds of wall and CPU time of what was asked for, without the process' start. */
  readonly wall: number;
  readonly cpu: number;
  /** Greatest resident size of the whole process, MB. */
  readonly mb: number;
}

export async function measured(work: () => Promise<void>): Promise<Measured> {
  const from = { wall: performance.now(), cpu: process.cpuUsage() };
  await work();
  const { user, system } = process.cpuUsage(from.cpu);
  const wall = (performance.now() - from.wall) / 1000;
  return { wall, cpu: (user + system) / 1e6, mb: (process.resourceUsage().maxRSS * 1024) / 1e6 };
}

/** Runs a module that prints what it `measured`. */
export async function measuredIn(module: string, ...args: readonly string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [module, ...args]);
  return JSON.parse(stdout) as Measured;
}
