/** Errors of SQS requests as SpotfoldErrors: what only SQS knows here, the rest as for every service of AWS. */
import { SpotfoldError } from "../../errors.ts";
import { faultOf, meaningOf } from "./meanings.ts";

export interface SqsRequest {
  /** For people. */
  readonly queue: string;
  /** As policies name it: `sqs:SendMessage`. */
  readonly action: string;
}

/** An abort passes through unchanged. */
export function translatedFrom(error: unknown, { queue, action }: SqsRequest): Error {
  if (error instanceof SpotfoldError) return error;
  const fault = faultOf(error);
  const meaning = meaningOf(fault);
  if (meaning === "no-queue") {
    return new SpotfoldError("no-such-store", `The queue ${queue} is not there.`, {
      hint: "Make it, or name another: sqs://NAME means the queues NAME-jobs and NAME-ready.",
      context: { queue, action },
      cause: error,
    });
  }
  return new SpotfoldError("store-unavailable", `${action} on ${queue} failed: ${fault.message}`, {
    retryable: meaning === "busy",
    context: { queue, action },
    cause: error,
  });
}
