/**
 * What the environment refuses (access, keys, credentials, bucket, region, clock, disk) holds the run, in the words of whoever
 * was refused: what went wrong, on what, and what would allow it. Where not even the hold can be written, the log says it.
 */
import { messageOf } from "../shared/errors.ts";
import type { WorkerContext } from "./context.ts";
import { holdRun } from "./records.ts";

/** `reason`: the code of the error. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** For how long the run is held from now on, ms; null when it is not, or by something else. Never rejects. */
export async function holdFor(
  context: WorkerContext,
  run: string,
  { reason, message, hint }: Refusal,
): Promise<number | null> {
  const hold = {
    kind: "environment",
    what: message,
    where: `worker ${context.id}`,
    code: reason,
    hint: hint ?? hintFor(reason),
  } as const;
  try {
    return await holdRun(context.store, run, hold, context.timing.scale);
  } catch (error) {
    context.log({ event: "queue-failed", what: "hold", message: messageOf(error) });
    return null;
  }
}

/** For errors that know no hint of their own: those of folders, for one. */
function hintFor(code: string): string {
  switch (code) {
    case "access-denied":
      return "Allow the worker to read the data and to read and write the store.";
    case "no-credentials":
      return "Give the worker credentials that hold: log in again, or see to the machine's role.";
    case "wrong-region":
      return "Set AWS_REGION to the region of the bucket.";
    case "clock-skew":
      return "Set the clock of the worker's machine.";
    case "disk-full":
      return "Free some space on the disk.";
    case "read-only":
      return "Make the file system writable.";
    case "no-such-store":
      return "Check the name of the folder or bucket.";
    default:
      return "Cure it; the run goes on by itself.";
  }
}
