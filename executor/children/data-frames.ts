/** Frames of decoded bytes on their way out: a piece is cut into frames, and a frame's head and bytes are written together. */
import type { Socket } from "node:net";
import { frameData, frameHead, framePieceBytesMax } from "./frames.ts";

/** Its head and its bytes: each write of its own costs, and wakes the executor. */
export interface DataFrame {
  readonly head: Uint8Array;
  readonly bytes: Uint8Array;
  readonly byteLength: number;
}

export function* dataFrames(piece: Uint8Array): Generator<DataFrame> {
  for (let start = 0; start < piece.length; start += framePieceBytesMax) {
    const bytes = piece.subarray(start, start + framePieceBytesMax);
    const head = frameHead(frameData, bytes.length);
    yield { head, bytes, byteLength: head.length + bytes.length };
  }
}

/** False: it is to be waited for "drain". */
export function writeFrame(output: Socket, frame: Uint8Array | DataFrame): boolean {
  if (frame instanceof Uint8Array) return output.write(frame);
  output.cork();
  output.write(frame.head);
  const goOn = output.write(frame.bytes);
  output.uncork();
  return goOn;
}
