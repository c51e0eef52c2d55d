/**
 * The body of a blob that is read from an open file. What was opened stays what it was, also when the key is overwritten
 * or deleted meanwhile. A foreign file may be changed in place: a body that ends early, or (when the reader asked for one
 * etag) whose file was touched before its last byte was given out, fails with `changed`.
 */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { SpotfoldError } from "../../errors.ts";
import type { Blob, BlobInfo, GetOptions } from "../../ports/blob-store.ts";

/** Large enough that the calls do not count, small enough for many bodies at once. */
const chunkBytesMax = 256 * 1024;

export interface FileRange {
  readonly handle: FileHandle;
  /** As they were when the file was opened and its etag taken. */
  readonly stats: BigIntStats;
  readonly start: number;
  readonly end: number;
  /** Fail if the file was touched, not only if it is too short. */
  readonly strict: boolean;
  readonly signal: AbortSignal | undefined;
  /** Our error for a system error. */
  readonly translate: (error: unknown) => unknown;
}

/** The bytes of a blob that are asked for. Throws `changed`. */
export function partAsked(
  store: string,
  { key, size, etag }: BlobInfo,
  { range, ifMatch }: GetOptions,
): { readonly start: number; readonly end: number } {
  if (ifMatch !== undefined && ifMatch !== etag) {
    throw new SpotfoldError("changed", `The blob ${key} is not the one that was asked for.`, {
      context: { store, key, expected: ifMatch, found: etag },
    });
  }
  const start = Math.min(range?.start ?? 0, size);
  return { start, end: Math.max(start, Math.min(range?.end ?? size, size)) };
}

/** Owns the handle: closes it at the end, at an error, when the reader stops, or by `cancel`. */
export function fileBody(range: FileRange): Pick<Blob, "body" | "cancel"> {
  const { handle, signal } = range;
  let state: "open" | "closing" | "cancelled" = "open";
  const close = (next: "closing" | "cancelled"): Promise<void> => {
    if (state !== "open") return Promise.resolve();
    state = next;
    return handle.close();
  };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let position = range.start; position < range.end;) {
        signal?.throwIfAborted();
        if (state !== "open") throw new SpotfoldError("internal", "A body was read after it was cancelled.");
        // A buffer of its own for each chunk: the reader may keep it.
        const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytesMax, range.end - position));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
        position += bytesRead;
        if (bytesRead === 0) throw changed(range);
        // Before the last chunk is given out: who counts bytes does not ask for the end.
        if (position >= range.end && range.strict) await checkUntouched(range);
        yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw range.translate(error);
    } finally {
      await close("closing");
    }
  }
  return {
    body: chunks(),
    cancel: () => {
      // A failed close of a file that was only read loses nothing.
      close("cancelled").catch(() => undefined);
    },
  };
}

async function checkUntouched(range: FileRange): Promise<void> {
  const now = await range.handle.stat({ bigint: true });
  if (now.size !== range.stats.size || now.mtimeNs !== range.stats.mtimeNs) throw changed(range);
}

function changed(range: FileRange): SpotfoldError {
  return new SpotfoldError("changed", "The file was changed while it was read.", {
    context: { size: Number(range.stats.size), start: range.start, end: range.end },
  });
}
