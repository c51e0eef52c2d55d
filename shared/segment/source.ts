/**
 * Where segments are read from: memory and files, for readers that may wait and for those that may not (children, the
 * simulator). Blobs are in blob-source.ts.
 */
import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { SegmentSource } from "./types.ts";
import { corrupt } from "./zstd.ts";

/** As `SegmentSource`, at once. */
export interface SyncSegmentSource {
  /** Bytes of the whole segment. */
  readonly size: number;
  /** Exactly these bytes; throws `corrupt` when there are fewer. */
  read(start: number, end: number): Uint8Array;
}

export interface OpenFile {
  /** Safe to call twice. */
  close(): void;
}

export function syncMemorySource(bytes: Uint8Array): SyncSegmentSource {
  return {
    size: bytes.length,
    read(start, end) {
      if (start < 0 || end > bytes.length) throw cutOff(start, end);
      return bytes.subarray(start, end);
    },
  };
}

export function memorySource(bytes: Uint8Array): SegmentSource {
  return waiting(syncMemorySource(bytes));
}

/** Opens the file; system errors of opening and reading pass through. */
export function syncFileSource(path: string): SyncSegmentSource & OpenFile {
  const descriptor = openSync(path, "r");
  let open = true;
  return {
    size: fstatSync(descriptor).size,
    read(start, end) {
      const bytes = Buffer.allocUnsafe(end - start);
      for (let done = 0; done < bytes.length;) {
        const count = readSync(descriptor, bytes, done, bytes.length - done, start + done);
        if (count === 0) throw cutOff(start, end);
        done += count;
      }
      return bytes;
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

/** As `syncFileSource`: reads of local files are short, and one descriptor serves both kinds of reader. */
export function fileSource(path: string): SegmentSource & OpenFile {
  const source = syncFileSource(path);
  return { ...waiting(source), close: () => source.close() };
}

function waiting(source: SyncSegmentSource): SegmentSource {
  // oxlint-disable-next-line typescript/require-await -- async makes a throw a rejection.
  return { size: source.size, read: async (start, end) => source.read(start, end) };
}

export function cutOff(start: number, end: number): Error {
  return corrupt("a segment ends before its bytes do", { start, end });
}
