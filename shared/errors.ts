/**
 * The one error class of Spotfold. An error says what happened (`code`, stable, for programs), where (`context`), and what
 * to do (`hint`, for the person who reads it). Names of foreign systems are translated where they enter and nowhere else.
 * An abort is not an error: it is an `AbortSignal`'s reason and passes through unchanged.
 */

/** Every code that a `SpotfoldError` may carry. Codes are part of the `--json` output: they are added, never renamed. */
export type ErrorCode =
  // What a user did.
  | "usage"
  | "invalid-config"
  | "invalid-key"
  | "invalid-filter"
  | "nothing-selected"
  | "interrupted"
  | "invalid-bundle"
  | "lineage-differs"
  | "run-exists"
  // What the environment did. These hold a run; they never make a block missing.
  | "access-denied"
  | "no-credentials"
  | "wrong-region"
  | "clock-skew"
  | "disk-full"
  | "read-only"
  | "no-such-store"
  | "store-unfit"
  | "store-unavailable"
  | "timeout"
  // What the data did.
  | "absent"
  | "changed"
  | "archived"
  | "corrupt"
  | "invalid-format"
  // What user code did.
  | "analysis-failed"
  // A process of ours could not be kept alive.
  | "worker-died"
  // A limit of ours was met; the message names it.
  | "limit"
  // A bug of ours.
  | "internal";

/** What whoever runs the machines has to cure: it holds a run, and makes no block missing. */
const environmental: ReadonlySet<string> = new Set<ErrorCode>([
  "access-denied",
  "no-credentials",
  "wrong-region",
  "clock-skew",
  "disk-full",
  "read-only",
  "no-such-store",
  "store-unfit",
]);

export function isEnvironmental(code: string | undefined): code is ErrorCode {
  return code !== undefined && environmental.has(code);
}

export interface SpotfoldErrorOptions {
  /** What to do about it, one sentence addressed to the person who reads it. */
  readonly hint?: string;
  /** True when the same call may succeed later with nothing changed. */
  readonly retryable?: boolean;
  /** Where it happened: keys, sizes, ids. Values are printed as JSON; never credentials. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class SpotfoldError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: SpotfoldErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SpotfoldError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.context = options.context ?? {};
  }
}

/** The `code` of a Spotfold or system error (`ENOSPC`, …), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The hint of a Spotfold error, to be spread into what is told of it; nothing where there is none. */
export function hintOf(error: unknown): { readonly hint?: string } {
  return error instanceof SpotfoldError && error.hint !== undefined ? { hint: error.hint } : {};
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
