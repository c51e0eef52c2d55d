/** The one table of exit codes: commands return them, the help prints them, the documentation is held to them. */
import { SpotfoldError, type ErrorCode } from "../shared/errors.ts";

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  held: 4,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code means, in order; for the help and the documentation. */
export const exitCodeTable: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [exitCodes.done, "all selected blocks are covered; submit: stored; a daemon: drained"],
  [exitCodes.failed, "failed: the analysis, a job too many, a store that was refused; a daemon: aborted"],
  [exitCodes.usage, "usage: a wrong flag, setting or filter, or a filter that matches nothing"],
  [exitCodes.missing, "done, but blocks are missing; they are listed with the reason"],
  [exitCodes.held, "held by the environment for a minute: access, disk, network; it can be resumed"],
  [exitCodes.interrupted, "interrupted (Ctrl-C); the command that resumes was printed"],
  [exitCodes.terminated, "terminated (SIGTERM); the command that resumes was printed"],
];

/** Errors that are answered by changing the command line or the settings. */
const usageCodes: ReadonlySet<ErrorCode> = new Set([
  "usage",
  "invalid-config",
  "invalid-key",
  "invalid-filter",
  "nothing-selected",
]);

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof SpotfoldError && usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}
