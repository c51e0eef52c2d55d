/** Sorted runs in a folder. What the disk refuses is the machine's fault, or its owner's: never the analysis'. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../shared/errors.ts";
import { syncFileSource } from "../../shared/segment/source.ts";
import { Struck } from "../core/faults.ts";
import type { Scratch, ScratchFile } from "../core/runs.ts";
import { writeAll } from "./control.ts";

export function folderScratch(folder: string): Scratch {
  return {
    create: (name) => guarded("written", () => openFile(join(folder, name))),
    open: (name) => guarded("read", () => syncFileSource(join(folder, name))),
  };
}

function openFile(path: string): ScratchFile {
  const descriptor = openSync(path, "wx", 0o600);
  return {
    write: (bytes) => guarded("written", () => writeAll(writeSync, descriptor, bytes)),
    close: () => guarded("written", () => closeSync(descriptor)),
  };
}

function guarded<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Struck(scratchFault(what, error), error);
  }
}

/** The fault of a failed call to the scratch folder. */
export function scratchFault(what: string, error: unknown): Struck["fault"] {
  const message = `the scratch folder cannot be ${what}: ${messageOf(error)}`;
  switch (codeOf(error) ?? "") {
    case "ENOSPC":
    case "EDQUOT":
      return { cause: "environment", reason: "disk-full", message };
    case "EROFS":
      return { cause: "environment", reason: "read-only", message };
    case "EACCES":
    case "EPERM":
      return { cause: "environment", reason: "access-denied", message };
    default:
      return { cause: "infrastructure", reason: "scratch", message };
  }
}
