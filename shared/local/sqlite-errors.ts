/** SQLite's result codes, translated where they enter: nothing above shared/local knows them. */
import { SpotfoldError, codeOf, messageOf } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { meaningOf } from "./system-errors.ts";

/** Primary result codes: https://sqlite.org/rescode.html. The extended code is in the bits above the lowest eight. */
const primaryBits = 0xff;
const busy = 5;
const locked = 6;
/** Processes that open and close the log at the same moment met; trying again is what the documentation asks for. */
const protocol = 15;
/** The file was deleted or replaced while it was open. */
const readonlyDbMoved = 1032;

const byPrimary: Readonly<Record<number, { readonly code: ErrorCode; readonly what: string; readonly hint: string }>> =
  {
    3: { code: "access-denied", what: "may not be used", hint: "Check the file's and its folder's permissions." },
    8: { code: "read-only", what: "cannot be written", hint: "Check that file, folder and disk may be written." },
    10: { code: "store-unavailable", what: "cannot be read or written", hint: "Check the disk." },
    11: { code: "corrupt", what: "is damaged", hint: "Move the file away: it is made anew." },
    13: { code: "disk-full", what: "cannot grow: the disk is full", hint: "Make room on the disk." },
    14: { code: "access-denied", what: "cannot be opened", hint: "Check the file's and its folder's permissions." },
    26: { code: "invalid-format", what: "is not a SQLite database", hint: "Name another file, or move this one away." },
  };

/** The extended result code of an error of `node:sqlite`. */
function resultCodeOf(error: unknown): number | undefined {
  if (codeOf(error) !== "ERR_SQLITE_ERROR") return undefined;
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : undefined;
}

/** Another process is at it: the same call will succeed soon. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  if (code === undefined) return false;
  const primary = code & primaryBits;
  return primary === busy || primary === locked || primary === protocol;
}

/** The error as a SpotfoldError that names the file; what is neither SQLite's nor the system's comes back unchanged. */
export function translateSqliteError(error: unknown, file: string): unknown {
  const context = { file };
  const resultCode = resultCodeOf(error);
  if (resultCode === readonlyDbMoved) {
    return new SpotfoldError("no-such-store", `The file ${file} was moved or deleted while it was in use.`, {
      hint: "Start again.",
      context,
      cause: error,
    });
  }
  if (resultCode !== undefined) {
    const known = byPrimary[resultCode & primaryBits];
    if (known === undefined) {
      return new SpotfoldError("internal", `SQLite refused what was asked of ${file}: ${messageOf(error)}`, {
        context: { ...context, resultCode },
        cause: error,
      });
    }
    const message = `The file ${file} ${known.what} (${messageOf(error)}).`;
    return new SpotfoldError(known.code, message, { hint: known.hint, context, cause: error });
  }
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const { code, hint, retryable = false } = meaning;
  const message = `The file ${file} cannot be opened (${messageOf(error)}).`;
  return new SpotfoldError(code, message, { hint, retryable, context, cause: error });
}
