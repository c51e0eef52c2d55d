/**
 * What the decoder has said of the blocks so far. It runs no user code, so its word is what the executor's reports are held
 * against; it speaks first, but on another descriptor, so whoever asks may have to wait (`until`).
 */
import type { DecodedBlock } from "../children/protocol.ts";
import type { Fault, JobBlock } from "../types.ts";

export class DecoderWord {
  readonly #decoded = new Map<number, DecodedBlock>();
  readonly #faults = new Map<number, Fault>();
  #gone = false;
  #wake = Promise.withResolvers<void>();

  decoded(blocks: readonly DecodedBlock[]): void {
    for (const decoded of blocks) this.#decoded.set(decoded.block, decoded);
    this.#changed();
  }

  failed(fault: Fault): void {
    if (fault.block !== undefined) this.#faults.set(fault.block, fault);
    this.#changed();
  }

  /** It has ended, and all that it said has been heard. */
  gone(): void {
    this.#gone = true;
    this.#changed();
  }

  faultOf(block: number): Fault | undefined {
    return this.#faults.get(block);
  }

  /** The first of these blocks that it has said nothing about. */
  firstOpen(blocks: readonly JobBlock[]): number | undefined {
    return blocks.find(({ index }) => !this.#decoded.has(index) && !this.#faults.has(index))?.index;
  }

  /** Waits until `enough`, or until there is no more to come. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough() && !this.#gone) await this.#wake.promise;
  }

  hasDecoded(block: number): boolean {
    return this.#decoded.has(block);
  }

  /** Why it does not bear out that this block ended with so many decoded bytes; null when it does. */
  unborne(index: number, size: number | undefined, rawBytes: number): string | null {
    const decoded = this.#decoded.get(index);
    if (decoded === undefined) return `block ${index} was reported, but never decoded`;
    if (decoded.bytes !== size) return `block ${index} was decoded from ${decoded.bytes} of ${size} bytes`;
    if (decoded.rawBytes === rawBytes) return null;
    return `block ${index} was decoded into ${decoded.rawBytes} bytes, ${rawBytes} were reported`;
  }

  #changed(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
