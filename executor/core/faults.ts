/**
 * What the synchronous core throws when an attempt cannot go on as it is, and how a throw of user code is told apart from a
 * rejection. A `Struck` carries the fault as the worker will see it.
 */
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { RecordFault } from "./attempt-state.ts";

/** Reasons become names of counters: short constants, as the doc of `InvalidRecord` asks. */
const reasonPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Messages of user code go into records and logs: enough to understand, not enough to hurt. */
export const messageCharsMax = 2_000;

export class Struck extends Error {
  readonly fault: RecordFault;

  constructor(fault: RecordFault, cause?: unknown) {
    super(fault.message, cause === undefined ? undefined : { cause });
    this.name = "Struck";
    this.fault = fault;
  }
}

/**
 * Why a throw of `map` or `add` rejects the record in hand, or null when it is not meant as a rejection. A bundle carries its
 * own copy of the class, so the name decides, not `instanceof`.
 */
export function rejectionReason(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  const { name, reason } = error as { name?: unknown; reason?: unknown };
  if (name === "InvalidRecord" && typeof reason === "string") {
    return reasonPattern.test(reason) && !(reason in Object.prototype) && reason !== "prototype"
      ? reason
      : "invalid-record";
  }
  const code = codeOf(error);
  return name === "SpotfoldError" && (code === "invalid-key" || code === "limit") ? "invalid-key" : null;
}

/** Why a record was rejected, for people: the author's own words, or what was thrown and where. */
export function describeRejection(error: unknown): string {
  return rejectionReason(error) === null ? describeThrow(error) : messageOf(error).slice(0, messageCharsMax);
}

/** Message and the author's own frames of the stack, for people: `Error: x (at map analysis.ts:3:9)`. */
export function describeThrow(error: unknown): string {
  const message = refusedFile(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error));
  const frame = authorFrame(error);
  return (frame === null ? message : `${message} (${frame})`).slice(0, messageCharsMax);
}

/** Words for the author where Node's are about flags of a process that the author does not start. */
function refusedFile(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  const { permission, resource, syscall, path } = error as Readonly<Record<string, unknown>>;
  const instead = "give side files as `inputs` and read them with context.inputs.read, or import JSON or a module";
  switch (codeOf(error) ?? "") {
    case "ERR_ACCESS_DENIED":
      if (permission === "FileSystemRead") return `an analysis reads no files (${String(resource)}): ${instead}`;
      if (permission === "FileSystemWrite") return `an analysis writes no files (${String(resource)})`;
      return `an analysis has no right to this (${String(permission)})`;
    case "ENOENT":
      // A relative path: it is looked for in the scratch folder, which is the working folder.
      return syscall === "open" ? `an analysis reads no files (${String(path)}): ${instead}` : null;
    default:
      return null;
  }
}

/** The first frame that is not Spotfold's or Node's own, as `at name file:line:column`. Source maps have been applied. */
function authorFrame(error: unknown): string | null {
  if (!(error instanceof Error) || typeof error.stack !== "string") return null;
  for (const line of error.stack.split("\n")) {
    const frame = line.trim();
    if (
      !frame.startsWith("at ") ||
      frame.includes("node:") ||
      frame.includes("/executor/") ||
      frame.includes("/shared/")
    )
      continue;
    // Sources are named relative to the bundle, which lies in an attempt's folder that nobody will look for.
    return frame.replace(/(?:file:\/\/)?\/\S*\/code\/(?=\S+:\d+)/, "");
  }
  return null;
}
