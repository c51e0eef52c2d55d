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

export interface Reporter {
  (message: ExecutorMessage | DecoderMessage): void;
  /** Sends it with the next message, or by `flush`: for what nobody must know before. */
  later(message: ExecutorMessage): void;
  flush(): void;
}

/** A function that sends a message; made before user code loads, it keeps what it needs to itself. */
export function reporter(token: string): Reporter {
  const write = writeSync;
  const { stringify } = JSON;
  const bytesOf = Buffer.from.bind(Buffer);
  let held = "";
  // Behind the text: what is made into text may have a `toJSON` of user code's, which would see it.
  const lineOf = (message: ExecutorMessage | DecoderMessage): string =>
    `${stringify(message).slice(0, -1)},"token":"${token}"}\n`;
  const send = (text: string): void => {
    held = "";
    writeAll(write, reportDescriptor, bytesOf(text));
  };
  const say: Reporter = (message) => send(held + lineOf(message));
  say.later = (message) => {
    held += lineOf(message);
  };
  say.flush = () => {
    if (held !== "") send(held);
  };
  return say;
}

/** Writes all bytes to a descriptor that blocks. */
export function writeAll(write: typeof writeSync, descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += write(descriptor, bytes, done);
}
