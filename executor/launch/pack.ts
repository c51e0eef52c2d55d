/**
 * Reads the files that an executor rendered into one (children/pack.ts). They are asked for about in the order in which they lie
 * there, so that a read brings many of the small ones; large ones come in pieces. A pack that is not as long as its files together
 * was not written by us: `analysis-failed`.
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import type { SiteFile } from "../core/site.ts";
import type { RenderedFile } from "../types.ts";

/** Most published files are a few KB: some dozens are read at once, and kept until the last of them is let go. */
const windowBytes = 1024 * 1024;

export interface OpenPack {
  readonly files: readonly RenderedFile[];
  close(): Promise<void>;
}

export async function openPack(path: string, files: readonly SiteFile[]): Promise<OpenPack> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const windows = new Windows(handle, size);
    let total = 0;
    const rendered = files.map(({ name, at: start, bytes }): RenderedFile => {
      total += bytes;
      return {
        name,
        bytes,
        read: async () => (bytes <= windowBytes ? await windows.read(start, bytes) : readPieces(handle, start, bytes)),
      };
    });
    if (total !== size) throw new SpotfoldError("analysis-failed", "what was rendered is not what was reported");
    return { files: rendered, close: async () => await handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What was read last, for those who ask for what lies behind it. */
class Windows {
  readonly #handle: FileHandle;
  readonly #size: number;
  #start = 0;
  #bytes: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));
  #end = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  async read(start: number, length: number): Promise<Uint8Array> {
    if (start < this.#start || start + length > this.#end) {
      this.#start = start;
      this.#end = Math.max(start + length, Math.min(this.#size, start + windowBytes));
      this.#bytes = readWhole(this.#handle, start, this.#end - start);
    }
    const from = start - this.#start;
    return (await this.#bytes).subarray(from, from + length);
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
  for (let done = 0; done < bytes; done += windowBytes) {
    yield await readWhole(handle, start + done, Math.min(windowBytes, bytes - done));
  }
}
