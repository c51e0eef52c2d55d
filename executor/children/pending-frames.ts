/**
 * Frames of small blocks, gathered: what is written, and said to the parent, is many blocks at a time. The order stays: of each
 * block the parent is told before its last frame is let go.
 */
import { frameBegin, frameData, frameEnd, frameHeadBytes, putFrameHead } from "./frames.ts";
import type { DecodedBlock } from "./protocol.ts";

/** From here on they are let go: far more than a write costs, far less than the executor reads in a moment. */
const gatheredBytesMax = 128 * 1024;

/** Of what is allocated at a time: room for the last block that is added, mostly. */
const roomBytes = 160 * 1024;

export class PendingFrames {
  readonly #tell: (blocks: readonly DecodedBlock[]) => void;
  #frames = Buffer.allocUnsafeSlow(0);
  #blocks: DecodedBlock[] = [];
  #bytes = 0;

  constructor(tell: (blocks: readonly DecodedBlock[]) => void) {
    this.#tell = tell;
  }

  get isFull(): boolean {
    return this.#bytes >= gatheredBytesMax;
  }

  /** A whole block, decoded from so many bytes; no piece is larger than a frame may be. Pieces are copied. */
  add(block: number, bytes: number, pieces: readonly Uint8Array[]): void {
    const rawBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#makeRoom(rawBytes + frameHeadBytes * (pieces.length + 2));
    this.#head(frameBegin, block);
    for (const piece of pieces) {
      this.#head(frameData, piece.length);
      this.#frames.set(piece, this.#bytes);
      this.#bytes += piece.length;
    }
    this.#head(frameEnd, block);
    this.#blocks.push({ block, bytes, rawBytes });
  }

  /** Tells of what was gathered, and yields it. */
  *take(): Generator<Uint8Array> {
    if (this.#blocks.length === 0) return;
    this.#tell(this.#blocks);
    const frames = this.#frames.subarray(0, this.#bytes);
    this.#frames = Buffer.allocUnsafeSlow(0);
    this.#blocks = [];
    this.#bytes = 0;
    yield frames;
  }

  #makeRoom(more: number): void {
    if (this.#bytes + more <= this.#frames.length) return;
    const frames = Buffer.allocUnsafeSlow(Math.max(roomBytes, this.#bytes + more));
    frames.set(this.#frames.subarray(0, this.#bytes));
    this.#frames = frames;
  }

  #head(kind: number, value: number): void {
    putFrameHead(this.#frames, this.#bytes, kind, value);
    this.#bytes += frameHeadBytes;
  }
}
