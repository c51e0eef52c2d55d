/**
 * How long a block takes, as far as that can be told before anybody has read it: a block is one piece of work for one slot,
 * and must be done within an attempt. Pure.
 */
import { codecOf } from "../../shared/codecs/codec.ts";
import { timingDefaults } from "../../shared/config/timing.ts";

/** What an attempt may take; a longer lease than twice that is no queue's. */
export const attemptMsMax = timingDefaults.attemptMs;

/** What one slot makes of a block when each record is parsed as JSON: the slower end of what was measured. */
const rawBytesPerSecond = 60_000_000;

/** Telemetry in `.lzma`, which packs as well as any: what is packed less takes less time. */
const rawPerPackedByte = 7;

/** A prediction for a usual analysis, ms: it tells blocks that are hopeless from those that are large. */
export function predictedMs({ key, size }: { readonly key: string; readonly size: number }): number {
  const rawBytes = codecOf(key).name === "plain" ? size : size * rawPerPackedByte;
  return (rawBytes / rawBytesPerSecond) * 1000;
}

/** Whether a block of this size may be predicted to take longer than an attempt, whatever it is packed with. */
export function mayTakeTooLong(size: number): boolean {
  return ((size * rawPerPackedByte) / rawBytesPerSecond) * 1000 > attemptMsMax;
}
