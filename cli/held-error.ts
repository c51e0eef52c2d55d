/** A run stands still for a reason that a command does not wait out; says with which code the command ends. */
import { SpotfoldError, type ErrorCode } from "../shared/errors.ts";
import type { Hold } from "../shared/formats/hold.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { commandLine, type Io } from "./io.ts";

/** What the environment may be held for. */
const environmentCodes: readonly ErrorCode[] = [
  "access-denied",
  "disk-full",
  "read-only",
  "no-such-store",
  "store-unfit",
  "store-unavailable",
];

export class HeldError extends SpotfoldError {
  readonly exitCode: ExitCode;

  constructor(hold: Pick<Hold, "run" | "kind" | "what" | "where" | "code">, hint: string) {
    const isEnvironment = hold.kind === "environment";
    super(
      isEnvironment ? codeOfHold(hold) : "analysis-failed",
      `run ${hold.run} is held: ${hold.what} (${hold.where})`,
      { hint },
    );
    this.exitCode = isEnvironment ? exitCodes.held : exitCodes.failed;
  }
}

/** A worker of another version may have held it, for what this one has no word for. */
function codeOfHold({ code }: Pick<Hold, "code">): ErrorCode {
  return environmentCodes.find((known) => known === code) ?? "store-unavailable";
}

/** `resume`: what to do once the environment is cured. */
export function heldError(io: Io, hold: Hold, resume: string): HeldError {
  const next = hold.kind === "environment" ? resume : `To give it up: ${commandLine(io, ["cancel", hold.run])}`;
  return new HeldError(hold, `${hold.hint} ${next}`);
}
