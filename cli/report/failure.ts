/** How a command that failed says so: one line and what to do about it; with `--json` one object on stdout. */
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import { exitCodeOf, type ExitCode } from "../exit-codes.ts";
import { inCallersWords } from "../caller-command.ts";
import { HeldError } from "../held-error.ts";
import { commandLine, type Io } from "../io.ts";
import { jsonOfError } from "./result.ts";

/** Runs a command's body; what it throws is told, and becomes an exit code. No stack trace for what a user did. */
export async function reportingFailures(io: Io, json: boolean, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    return await reportFailure(io, json, error);
  }
}

export async function reportFailure(io: Io, json: boolean, error: unknown): Promise<ExitCode> {
  const { first, second } = io.interrupts;
  // Who stopped it wants no explanation.
  const signal = [first, second].find(({ aborted, reason }) => aborted && error === reason);
  if (signal !== undefined) {
    const how = signal === first ? "stopped" : "stopped at once";
    await io.err.write(`${how}; to go on: ${commandLine(io, io.words)}\n`);
    return await reportInterrupt(io, json);
  }
  await io.err.write(failureText(io, error));
  if (json) await io.out.write(`${JSON.stringify(jsonOfError(io, error))}\n`);
  return error instanceof HeldError ? error.exitCode : exitCodeOf(error);
}

/** The answer of a command that was stopped, and has told people how to go on. */
export async function reportInterrupt(io: Io, json: boolean): Promise<ExitCode> {
  const error = new SpotfoldError("interrupted", "The command was stopped before its end; what is done is kept.", {
    hint: `To go on: ${commandLine(io, io.words)}`,
  });
  if (json) await io.out.write(`${JSON.stringify(jsonOfError(io, error))}\n`);
  return io.interrupts.exitCode();
}

function failureText({ command }: Io, error: unknown): string {
  const hint = error instanceof SpotfoldError ? error.hint : undefined;
  // What the operating system refused says itself what it was about. A bug of ours is told with all there is to find it.
  const isBug = error instanceof SpotfoldError ? error.code === "internal" : !isSystemError(error);
  const what = isBug && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return `spotfold: ${what}\n${hint === undefined ? "" : `  ${inCallersWords(hint, command)}\n`}`;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
