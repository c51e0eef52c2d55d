/** A run stands still for a reason that a command does not wait out; says with which code the command ends. */
import { isEnvironmental, SpotfoldError, type ErrorCode } from "../shared/errors.ts";
import type { Hold } from "../shared/formats/hold.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { commandLine, type Io } from "./io.ts";

export function heldText({ run, what, where }: Pick<Hold, "run" | "what" | "where">): string {
  return `run ${run} is held: ${what} (${where})`;
}

export class HeldError extends SpotfoldError {
  readonly exitCode: ExitCode;

  constructor(hold: Pick<Hold, "run" | "kind" | "what" | "where" | "code">, hint: string) {
    const isEnvironment = hold.kind === "environment";
    super(isEnvironment ? codeOfHold(hold) : "analysis-failed", heldText(hold), { hint });
    this.exitCode = isEnvironment ? exitCodes.held : exitCodes.failed;
  }
}

/** A worker of another version may have held it, for what this one has no word for. */
function codeOfHold({ code }: Pick<Hold, "code">): ErrorCode {
  return isEnvironmental(code) ? code : "store-unavailable";
}

/** `resume`: what to do once the environment is cured. */
export function heldError(io: Io, hold: Hold, resume: string): HeldError {
  const next = hold.kind === "environment" ? resume : `To give it up: ${commandLine(io, ["cancel", hold.run])}`;
  return new HeldError(hold, `${hold.hint} ${next}`);
}
