/**
 * V8 lets its young generation grow to 128 MiB on a machine with much memory, and pages that it gave up stay resident. For a
 * daemon that lives for weeks beside the executors which need the memory, that is more than all that it holds itself (10 to
 * 25 MiB of objects): memory would seem to grow with the number of outputs. Its own work is small; collecting more often
 * costs it little.
 */
import { setFlagsFromString } from "node:v8";

/** To be called when a daemon starts: its young generation stays as small as it is then. */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
