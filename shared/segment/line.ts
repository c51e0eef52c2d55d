/** A line of a frame: key, TAB, value, LF. What makes one unreadable is found here, before it is taken. */
import { brokenValue } from "./refusal.ts";

export const TAB = 0x09;
export const LF = 0x0a;
const DELETE = 0x7f;
const FIRST_PRINTABLE = 0x20;

/** Up to this length bytes are copied faster by a loop than by a call. */
const LOOPED_BYTES = 48;

export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, toStart: number): void {
  if (end - start > LOOPED_BYTES) to.set(from.subarray(start, end), toStart);
  else for (let i = start, at = toStart; i < end; i++, at++) to[at] = from[i] as number;
}

/**
 * Why key and value could not be told apart again, of the line whose key begins at `start` and whose value ends at `end`; null when
 * they can. Throws `analysis-failed` for a value that is no value.
 */
export function lineFlaw(bytes: Uint8Array, start: number, keyEnd: number, end: number, must: number): string | null {
  let columns = 1;
  for (let i = start; i < keyEnd; i++) {
    const byte = bytes[i] as number;
    if (byte === TAB) columns += 1;
    else if (byte < FIRST_PRINTABLE || byte === DELETE) return "a key holds a control byte";
  }
  if (columns !== must) return `a key has ${columns} columns in a segment of ${must}`;
  const value = bytes.subarray(keyEnd + 1, end);
  if (value.includes(LF) || value.includes(TAB)) throw brokenValue(bytes.subarray(start, keyEnd));
  return null;
}
