/**
 * The frames that go from the decoder to the executor: one byte that says what, four that say how long, the content.
 *
 *   B index            a block begins       D bytes            some of its decoded bytes
 *   E index            it ended, whole      F index            it failed half way; the last frame
 *   Z                  all blocks are done
 *
 * Reading is synchronous, in large reads into one buffer that is used again: bytes of a D frame are handed on where they lie.
 */

export const frameHeadBytes = 5;

/** No D frame is longer. */
export const framePieceBytesMax = 1024 * 1024;

/** Of one read. A socket gives some 200 KiB at a time at most; more would be memory for nothing. */
const readBytes = 512 * 1024;

export const frameBegin = 0x42;
export const frameData = 0x44;
export const frameEnd = 0x45;
export const frameFault = 0x46;
export const frameDone = 0x5a;

export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FrameError";
  }
}

export interface FrameHandler {
  begin(block: number): void;
  data(bytes: Uint8Array): void;
  end(block: number): void;
  fault(block: number): void;
}

/** Reads frames until the last one; `read` fills a buffer and answers with how much, 0 at the end. Throws `FrameError`. */
export function readFrames(read: (buffer: Uint8Array) => number, handler: FrameHandler): void {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  let start = 0;
  let end = 0;
  /** Bytes that are left of the D frame in hand. */
  let left = 0;
  for (;;) {
    while (left > 0 && start < end) {
      const bytes = buffer.subarray(start, Math.min(end, start + left));
      start += bytes.length;
      left -= bytes.length;
      handler.data(bytes);
    }
    while (left === 0 && end - start >= frameHeadBytes) {
      const kind = buffer[start] as number;
      const value = buffer.readUInt32LE(start + 1);
      start += frameHeadBytes;
      if (kind === frameDone) return;
      if (kind === frameData) {
        if (value > framePieceBytesMax) throw new FrameError(`a frame of ${value} bytes`);
        left = value;
        continue;
      }
      if (kind === frameBegin) handler.begin(value);
      else if (kind === frameEnd) handler.end(value);
      else if (kind === frameFault) return handler.fault(value);
      else throw new FrameError(`an unknown frame ${kind}`);
    }
    if (left > 0 && start < end) continue;
    buffer.copyWithin(0, start, end);
    end -= start;
    start = 0;
    const got = read(buffer.subarray(end));
    if (got === 0) throw new FrameError("the frames ended early");
    end += got;
  }
}

/** The head of a frame; for a D frame `value` is its length, else the block's index. */
export function frameHead(kind: number, value: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  putFrameHead(head, 0, kind, value);
  return head;
}

/** The same, written where it belongs. */
export function putFrameHead(frames: Buffer, at: number, kind: number, value: number): void {
  frames[at] = kind;
  frames.writeUInt32LE(value, at + 1);
}
