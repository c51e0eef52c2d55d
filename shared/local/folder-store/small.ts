/**
 * Small blobs, read at once: a record of a KB by four trips to a thread (open, look, read, close) costs several times what these
 * calls do, and a pass reads thousands. Only files of ours, which are never changed in place; on a local disk.
 */
import { closeSync, fstatSync, openSync, realpathSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { SpotfoldError } from "../../errors.ts";
import type { Blob } from "../../ports/blob-store.ts";
import { readFlags } from "./reading.ts";
import type { ReadingOptions } from "./reading.ts";

/** A copy out of the kernel's memory takes microseconds up to this. */
const smallBytesMax = 64 * 1024;

export interface SmallFile {
  readonly path: string;
  readonly stats: BigIntStats;
  readonly bytes: Buffer;
}

/** Undefined when it is absent, not small, or cannot be read: `openForReading` says which. */
export function readSmall(key: string, { places, foldsCase }: ReadingOptions): SmallFile | undefined {
  for (const path of places.of(key)) {
    let descriptor: number;
    try {
      descriptor = openSync(path, readFlags);
    } catch {
      continue;
    }
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) continue;
      if (stats.size > BigInt(smallBytesMax) || (foldsCase && realpathSync.native(path) !== path)) return undefined;
      const bytes = Buffer.allocUnsafe(Number(stats.size));
      return readSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length ? { path, stats, bytes } : undefined;
    } finally {
      closeSync(descriptor);
    }
  }
  return undefined;
}

/** The body of a blob that was read. */
export function smallBody(bytes: Uint8Array, signal: AbortSignal | undefined): Pick<Blob, "body" | "cancel"> {
  let cancelled = false;
  // oxlint-disable-next-line typescript/require-await -- a body is asynchronous.
  async function* chunks(): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted();
    if (cancelled) throw new SpotfoldError("internal", "A body was read after it was cancelled.");
    if (bytes.length > 0) yield bytes;
  }
  return { body: chunks(), cancel: () => void (cancelled = true) };
}
