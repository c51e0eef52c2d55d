/** What is really held: garbage that the collector has not come to yet says nothing about a leak. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | null = null;

/** Bytes of array buffers that are reachable now. Takes some milliseconds. */
export function heldBufferBytes(): number {
  if (collect === null) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  // Buffers are freed beside the first collection; the second one waits for that.
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}
