/**
 * The files of one unit, one behind the other in one file: a published folder has hundreds of small ones, and making, opening and
 * removing each would cost more than what is in them. Who reads them knows their sizes.
 */
import type { Scratch, ScratchFile } from "../core/runs.ts";

/** Gathered before they are written. */
const writtenAtOnceBytes = 256 * 1024;

export class Pack {
  readonly #file: ScratchFile;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(scratch: Scratch, name: string) {
    this.#file = scratch.create(name);
  }

  write(bytes: Uint8Array): void {
    // A copy: user code may use its array again.
    this.#pieces.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes >= writtenAtOnceBytes) this.#flush();
  }

  close(): void {
    this.#flush();
    this.#file.close();
  }

  #flush(): void {
    if (this.#bytes > 0) this.#file.write(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#bytes = 0;
  }
}
