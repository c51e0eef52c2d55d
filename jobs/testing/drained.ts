/** What an accumulator drains as bytes, as lines of key and value. */
import { Buffer } from "node:buffer";
import type { Accumulator } from "../analysis.ts";

/** Null where it drains no bytes. */
export function drainedLines<V>(accumulator: Accumulator<V> | undefined): readonly string[] | null {
  if (accumulator?.drainEncoded === undefined) return null;
  const lines: string[] = [];
  accumulator.drainEncoded({
    add(keyBytes, keyEnd, valueBytes, valueStart, valueEnd) {
      const key = Buffer.from(keyBytes.subarray(0, keyEnd)).toString();
      lines.push(`${key}\0${Buffer.from(valueBytes.subarray(valueStart, valueEnd)).toString()}`);
    },
  });
  return lines;
}
