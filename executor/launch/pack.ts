/**
 * Reads the files that an executor rendered into one (children/pack.ts). Small ones are read at once, others in pieces. A pack
 * that is not as long as its files together was not written by us: `analysis-failed`.
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import type { SiteFile } from "../core/site.ts";
import type { RenderedFile } from "../types.ts";

/** Most published files are a few KB. */
const wholeBytesMax = 1024 * 1024;

export interface OpenPack {
  readonly files: readonly RenderedFile[];
  close(): Promise<void>;
}

export async function openPack(path: string, files: readonly SiteFile[]): Promise<OpenPack> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    let total = 0;
    const rendered = files.map(({ name, at: start, bytes }): RenderedFile => {
      total += bytes;
      return {
        name,
        bytes,
        read: async () =>
          bytes <= wholeBytesMax ? await readWhole(handle, start, bytes) : readPieces(handle, start, bytes),
      };
    });
    if (total !== size) throw new SpotfoldError("analysis-failed", "what was rendered is not what was reported");
    return { files: rendered, close: async () => await handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readWhole(handle: FileHandle, start: number, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await handle.read(buffer, done, bytes - done, start + done);
    if (bytesRead === 0) throw new SpotfoldError("corrupt", "a rendered file ends early");
    done += bytesRead;
  }
  return buffer;
}

async function* readPieces(
  handle: FileHandle,
  start: number,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let done = 0; done < bytes; done += wholeBytesMax) {
    yield await readWhole(handle, start + done, Math.min(wholeBytesMax, bytes - done));
  }
}
