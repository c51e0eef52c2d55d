/** What the system says of files and folders, translated: once, where it enters. */
import { codeOf, SpotfoldError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** Nothing is there: no entry, a file where a folder would have to be, or a name that the file system cannot hold. */
const absentCodes = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EISDIR"]);

export function meansAbsent(error: unknown): boolean {
  return absentCodes.has(codeOf(error) ?? "");
}

export interface Translation {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
  readonly retryable?: true;
}

const diskFull: Translation = {
  code: "disk-full",
  says: "The disk is full",
  hint: "Free some space, or put the folder on a larger disk.",
};
const accessDenied: Translation = {
  code: "access-denied",
  says: "Access was denied",
  hint: "Give this user the right to read and write there.",
};
const unfit: Translation = {
  code: "store-unfit",
  says: "The file system cannot do what a store needs",
  hint: "Put the folder on a local disk whose file system has hard links and locks.",
};
const notFolder: Translation = {
  code: "no-such-store",
  says: "It is not a folder",
  hint: "A part of the path is a file: name a folder.",
};
const translations: Readonly<Record<string, Translation>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EACCES: accessDenied,
  EPERM: accessDenied,
  EROFS: { code: "read-only", says: "The file system is read-only", hint: "Name a place that can be written." },
  ENOENT: {
    code: "no-such-store",
    says: "The folder is not there",
    hint: "Check the path, and that its disk is mounted.",
  },
  ENOTDIR: notFolder,
  // What a folder is to be made of is there.
  EEXIST: notFolder,
  EISDIR: { code: "invalid-format", says: "It is a folder", hint: "Name a file, not a folder." },
  ENAMETOOLONG: { code: "limit", says: "The path is too long for this file system", hint: "Use a shorter folder." },
  ENOTSUP: unfit,
  EOPNOTSUPP: unfit,
  ENOSYS: unfit,
  EMLINK: unfit,
  EMFILE: {
    code: "store-unavailable",
    says: "Too many files are open",
    hint: "Raise the limit of open files (ulimit -n).",
    retryable: true,
  },
};
const unavailable: Translation = {
  code: "store-unavailable",
  says: "The file system failed",
  hint: "See the cause; the kernel's log may say more.",
  retryable: true,
};

/** What a system error means; undefined for those that nothing general can be said of. */
export function meaningOf(error: unknown): Translation | undefined {
  return translations[codeOf(error) ?? ""];
}

/** What a call was about, for the error's context. */
export interface Where {
  readonly store: string;
  readonly key?: string;
  readonly path?: string;
}

/** A system error as a `SpotfoldError`; anything else (our own errors, those of a body, an abort) unchanged. */
export function translated(error: unknown, where: Where): unknown {
  const system = codeOf(error);
  if (error instanceof SpotfoldError || system === undefined || !isSystemError(error)) return error;
  const { code, says, hint, retryable } = meaningOf(error) ?? unavailable;
  const path = error.path ?? where.path;
  const about = path ?? where.key;
  return new SpotfoldError(code, `${says}${about === undefined ? "" : ` (${about})`}: ${system}`, {
    hint,
    retryable: retryable ?? false,
    context: { ...where, ...(path === undefined ? {} : { path }), system },
    cause: error,
  });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
