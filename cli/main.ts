/**
 * The command line's entry: reads the words, runs one command, ends with its exit code. Commands are loaded when they are
 * called, so that `--help` and typos answer at once.
 */
import { CommanderError } from "commander";
import { SpotfoldError } from "../shared/errors.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { processIo } from "./process-io.ts";
import { createProgram } from "./program.ts";
import { reportFailure } from "./report/failure.ts";
import { jsonOfError } from "./report/result.ts";
import { unlessAborted } from "./second-signal.ts";

async function main(io: Io): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram(io, (result) => (code = result));
  try {
    await program.parseAsync([...io.words], { from: "user" });
    return code;
  } catch (error) {
    const json = io.words.includes("--json");
    if (!(error instanceof CommanderError)) return await reportFailure(io, json, error);
    if (error.exitCode === 0) return exitCodes.done;
    // Commander has said on stderr what is wrong.
    const usage = new SpotfoldError("usage", error.message.replace(/^error: /, ""));
    if (json) await io.out.write(`${JSON.stringify(jsonOfError(io, usage))}\n`);
    return exitCodes.usage;
  }
}

const io = processIo(process.argv.slice(2));
process.exitCode = await main(io);
try {
  // What is printed is read to its end, unless whoever does not read it on is what the second signal was about.
  await unlessAborted(io.interrupts.second, async () => await Promise.all([io.out.write(""), io.err.write("")]));
} catch {
  // The code says it.
}
// What is still open (a child that was left behind, a socket) must not keep a command that is done.
process.exit();
