/**
 * The files of one unit, one behind the other in one file: a published folder has hundreds of small ones, and making, opening and
 * removing each would cost more than what is in them. Who reads them knows their sizes.
 *
 *   bytes -> gathered in one buffer, used again -> written when it is full; what is as large as it goes past it
 *
 * What is written may be used again by its owner at once.
 */
import type { Scratch, ScratchFile } from "../core/runs.ts";

/** Gathered before they are written. */
const gatheredBytes = 256 * 1024;

export class Pack {
  readonly #file: ScratchFile;
  readonly #gathered = new Uint8Array(gatheredBytes);
  #length = 0;

  constructor(scratch: Scratch, name: string) {
    this.#file = scratch.create(name);
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > gatheredBytes - this.#length) this.#flush();
    if (bytes.length >= gatheredBytes) return this.#file.write(bytes);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  close(): void {
    this.#flush();
    this.#file.close();
  }

  #flush(): void {
    if (this.#length > 0) this.#file.write(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}
