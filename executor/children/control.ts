/** The child's side of its control descriptors: one task in, lines out. Synchronous, so that order is what was written. */
import { readSync, writeSync } from "node:fs";
import { reportDescriptor, taskDescriptor, waitingLine } from "./protocol.ts";
import type { DecoderMessage, ExecutorMessage } from "./protocol.ts";

const readBytes = 64 * 1024;
const LF = 0x0a;

/** Says that everything is loaded, and nothing is done yet. */
export function sayWaiting(): void {
  writeAll(writeSync, reportDescriptor, Buffer.from(`${waitingLine}\n`));
}

/** The first line from the parent. Ends the process when there is none: the parent is gone. */
export function readTask(): unknown {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.allocUnsafe(readBytes);
    const got = readSync(taskDescriptor, buffer);
    if (got === 0) process.exit(1);
    const part = buffer.subarray(0, got);
    const end = part.indexOf(LF);
    parts.push(end < 0 ? part : part.subarray(0, end));
    if (end >= 0) return JSON.parse(Buffer.concat(parts).toString());
  }
}

/** A function that sends a message; made before user code loads, it keeps what it needs to itself. */
export function reporter(token: string): (message: ExecutorMessage | DecoderMessage) => void {
  const write = writeSync;
  const { stringify } = JSON;
  return (message) => writeAll(write, reportDescriptor, Buffer.from(`${stringify({ ...message, token })}\n`));
}

/** Writes all bytes to a descriptor that blocks. */
export function writeAll(write: typeof writeSync, descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += write(descriptor, bytes, done);
}
