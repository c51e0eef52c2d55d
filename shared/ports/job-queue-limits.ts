/**
 * What any queue may refuse, alike on all of them: the smallest limits among the servers that the port is meant for. A local
 * queue that took more would let a run work on a laptop and fail on the fleet.
 */
import { SpotfoldError } from "../errors.ts";
import type { EntryResult, LeaseOptions, OutgoingMessage } from "./job-queue.ts";

/** UTF-8. 256 KiB: SQS takes 1 MiB since 2025, its older endpoints and most look-alikes do not. */
export const messageBytesMax = 262_144;
/** SQS: 15 min. */
export const delayMsMax = 900_000;
/** SQS: 12 h, counted from the delivery. */
export const leaseMsMax = 43_200_000;
/** SQS: 20 s. */
export const waitMsMax = 20_000;

/** XML 1.0's characters: SQS refuses a message that holds any other (most control characters, lone surrogates). */
const otherThanXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

export const accepted: EntryResult = { ok: true };

function refused(reason: string): EntryResult {
  return { ok: false, reason, retryable: false };
}

function inRange(value: number, max: number): boolean {
  return value >= 0 && value <= max;
}

/** Undefined when a queue must take it. */
export function whyNotSent(message: OutgoingMessage): EntryResult | undefined {
  const bytes = Buffer.byteLength(message.body);
  if (bytes === 0) return refused("The message is empty.");
  if (bytes > messageBytesMax) return refused(`The message has ${bytes} bytes; at most ${messageBytesMax} are taken.`);
  if (otherThanXml.test(message.body)) return refused("The message holds a character that XML cannot.");
  return whyNotDelayed(message.delayMs ?? 0);
}

/** Undefined when the delay is within bounds. */
export function whyNotDelayed(delayMs: number): EntryResult | undefined {
  return inRange(delayMs, delayMsMax) ? undefined : refused(`A delay is 0 to ${delayMsMax} ms, not ${delayMs}.`);
}

/** Undefined when the lease is within bounds. */
export function whyNotLeased(leaseMs: number): EntryResult | undefined {
  return inRange(leaseMs, leaseMsMax) ? undefined : refused(`A lease is 0 to ${leaseMsMax} ms, not ${leaseMs}.`);
}

/** What a queue says of a handle that it cannot have given out. */
export const unknownHandle: EntryResult = refused("The handle is none of this queue's.");

/** Throws SpotfoldError `limit` for what no queue could do. */
export function checkLease(queue: string, max: number, options: LeaseOptions): void {
  if (
    Number.isSafeInteger(max) &&
    max >= 1 &&
    inRange(options.leaseMs, leaseMsMax) &&
    inRange(options.waitMs, waitMsMax)
  )
    return;
  throw new SpotfoldError("limit", `The queue ${queue} cannot lease ${max} messages with these times.`, {
    hint: `At least one message, a lease of 0 to ${leaseMsMax} ms, a wait of 0 to ${waitMsMax} ms.`,
    context: { queue, max, leaseMs: options.leaseMs, waitMs: options.waitMs },
  });
}
