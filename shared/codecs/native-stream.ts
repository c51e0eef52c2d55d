/**
 * One of `node:zlib`'s decoders, written to and read from in turns: write a chunk, take all that comes out of it, write the
 * next. Output waits in the decoder until it is taken, so memory stays at a few pieces however much a chunk expands to.
 * `consumed` tells how much of the input was used, which is where a member that ended inside the last chunk ended.
 */
import type { Transform } from "node:stream";
import { CodecFault, truncated } from "./fault.ts";

/** What `createInflateRaw` and `createZstdDecompress` return, as far as it is used here. */
export interface ZlibStream extends Transform {
  readonly bytesWritten: number;
}

/** Size of the output buffer that `node:zlib` is given: a hop to its thread and back costs as much as some 100 KiB of decoding. */
export const nativePieceBytes = 1024 * 1024;

export class NativeStream {
  readonly #stream: ZlibStream;
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: ZlibStream) {
    this.#stream = stream;
    const wake = (): void => this.#wake?.();
    stream.on("readable", wake);
    stream.on("end", () => {
      this.#ended = true;
      wake();
    });
    stream.on("error", (error) => {
      this.#failure = error;
      wake();
    });
  }

  get consumed(): number {
    return this.#stream.bytesWritten;
  }

  /** Decodes one chunk. */
  async *write(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
    let written = false;
    this.#stream.write(chunk, () => {
      written = true;
      this.#wake?.();
    });
    yield* this.#drain(() => written);
  }

  /** Says that there is no more input; what was given must be complete. */
  async *end(): AsyncGenerator<Uint8Array> {
    this.#stream.end();
    yield* this.#drain(() => this.#ended);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  async *#drain(done: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#stream.read() as Buffer | null;
      if (piece !== null) yield piece;
      else if (this.#failure !== undefined) throw zlibFault(this.#failure);
      else if (done()) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** An error of `node:zlib` about its input as a `CodecFault`; any other as it is. */
export function zlibFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  if (error.code === "Z_BUF_ERROR") return truncated("its data");
  return /^Z_(DATA|NEED)|^ZSTD_error/.test(error.code) ? new CodecFault(`is damaged: ${error.message}`) : error;
}
