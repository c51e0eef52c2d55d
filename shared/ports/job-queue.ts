/**
 * The port to a queue of messages: at least once, in no order. A message carries a hint, never a truth: losing one costs
 * latency. No implementation promises more than the weakest (SQS):
 * - A message may be delivered twice, late, or to two at once; counts are approximate.
 * - The yes to an extend or acknowledge is never proof that the lease was still held: after its end both may succeed silently
 *   and do nothing, or (on some servers) act on the next holder's lease. A lease ends by its holder's own monotonic clock,
 *   counted from the start of the last successful `lease` or `extend` call.
 * - Batch calls answer for each entry; the caller sends failed entries again.
 */

export interface OutgoingMessage {
  /** At most `messageBytesMax` bytes of UTF-8. */
  readonly body: string;
  /**
   * A hint: queues that can let groups take turns, so that a few messages do not wait behind another group's thousands.
   * Adapters that cannot, hand out in any order; none promises one.
   */
  readonly group?: string;
  /** Invisible for this long, 0 to 900,000. Default 0. */
  readonly delayMs?: number;
}

export interface Lease {
  readonly body: string;
  /** Names this delivery. A later delivery of the same message has another. */
  readonly handle: string;
  /** Deliveries so far, this one included; approximate. */
  readonly receiveCount: number;
}

export type EntryResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; /** Sending it again may help. */ readonly retryable: boolean };

export interface LeaseOptions {
  readonly leaseMs: number;
  /** Long poll: answer as soon as there is a message, or empty after this long. 0 to 20,000. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export interface QueueCounts {
  readonly visible: number;
  readonly leased: number;
  readonly delayed: number;
}

export interface JobQueue {
  /** For people and error messages. */
  readonly name: string;
  /** Any number of messages; answers in their order. */
  send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]>;
  /** Up to `max` messages; may be fewer although there are more. */
  lease(max: number, options: LeaseOptions): Promise<Lease[]>;
  extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]>;
  acknowledge(handles: readonly string[]): Promise<EntryResult[]>;
  /** Gives the message back, visible after the delay. */
  release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]>;
  counts(): Promise<QueueCounts>;
  close(): Promise<void>;
}
