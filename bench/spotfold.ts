/** This checkout's own command, in a process, started as a user starts it. */
import { commandPath } from "../shared/package-root.ts";
import type { Command } from "./measure.ts";

export function spotfold(args: readonly string[], cwd?: string): Command {
  return { file: process.execPath, args: [commandPath, ...args], ...(cwd === undefined ? {} : { cwd }) };
}
