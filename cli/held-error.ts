/** A run stands still for a reason that this command does not wait out; says with which code it ends. */
import { SpotfoldError } from "../shared/errors.ts";
import type { ExitCode } from "./exit-codes.ts";

export class HeldError extends SpotfoldError {
  readonly exitCode: ExitCode;

  constructor(message: string, hint: string, exitCode: ExitCode) {
    super(exitCode === 1 ? "analysis-failed" : "store-unavailable", message, { hint });
    this.exitCode = exitCode;
  }
}
