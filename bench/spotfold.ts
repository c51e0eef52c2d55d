/** This checkout's own command, in a process. */
import { fileURLToPath } from "node:url";
import type { Command } from "./measure.ts";

export function spotfold(args: readonly string[], cwd?: string): Command {
  const main = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
  return { file: process.execPath, args: [main, ...args], ...(cwd === undefined ? {} : { cwd }) };
}
