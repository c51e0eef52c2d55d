/** How entries are cut into requests: SQS takes ten at a time, and bounds the bytes of all their bodies together. Pure. */
import { SpotfoldError } from "../../errors.ts";
import { messageBytesMax } from "../../ports/job-queue-limits.ts";

/** SQS: entries of one batch request. */
export const batchEntriesMax = 10;
/** What every server takes: the limit of one message is that of a batch, too. */
export const batchBytesDefault = messageBytesMax;
/** SQS since 2025. */
export const batchBytesMost = 1_048_576;

/** Throws SpotfoldError `limit` for a bound that could not take the largest message, or that no server has. */
export function checkBatchBytes(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= batchBytesDefault && bytes <= batchBytesMost) return bytes;
  throw new SpotfoldError("limit", `A batch of messages cannot be bounded by ${bytes} bytes.`, {
    hint: `Use ${batchBytesDefault} (any server) to ${batchBytesMost} (SQS since 2025).`,
  });
}

/** In their order. An entry that is larger than `bytesMax` by itself is a batch of its own: the server says no to it. */
export function cutBatches<Entry>(
  entries: readonly Entry[],
  bytesOf: (entry: Entry) => number,
  bytesMax: number,
): Entry[][] {
  const batches: Entry[][] = [];
  let batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    if (batch.length === batchEntriesMax || (batch.length > 0 && bytes + size > bytesMax)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
