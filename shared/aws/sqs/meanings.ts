/**
 * What SQS, and servers that speak like it, mean by an error: of a whole request or of one entry of a batch. Servers differ
 * in names (`QueueDoesNotExist`, `AWS.SimpleQueueService.NonExistentQueue`) and in what they think an error at all.
 */
import { faultOf } from "../fault.ts";

export type Meaning =
  /** The lease is over, or the message gone. The port says yes to that, silently. */
  | "stale"
  /** The server, or this kind of queue, takes no MessageGroupId. */
  | "no-groups"
  /** The batch is too large or has too many entries; a part of it may pass. */
  | "too-long"
  | "no-queue"
  /** Throttled, or the server's own fault: sending it again may help. */
  | "busy"
  /** Sending it again does not help. */
  | "refused";

export interface Fault {
  /** The error's name, with or without the prefix of the service. */
  readonly code: string;
  readonly message: string;
  /** SQS's `SenderFault`, or `$fault: "client"`. */
  readonly senderFault: boolean;
}

/** HTTP. */
const serverFaults = 500;
const prefix = /^(?:AWS\.SimpleQueueService\.|com\.amazonaws\.sqs#)/;
const tooLong = new Set(["BatchRequestTooLong", "TooManyEntriesInBatchRequest"]);
const noQueue = new Set(["QueueDoesNotExist", "NonExistentQueue"]);
const stale = new Set(["ReceiptHandleIsInvalid", "InvalidReceiptHandle", "MessageNotInflight", "InvalidIdFormat"]);
const busy =
  /^(?:Throttling|ThrottlingException|RequestThrottled|TooManyRequestsException|KmsThrottled|OverLimit|SlowDown|ServiceUnavailable|InternalFailure|InternalError|InternalServerError|RequestTimeout)$/;
/** `InvalidParameterValue` and its like, which say in words only which parameter they mean. */
const aboutParameter = /^(?:Invalid|Unsupported|Unknown|Validation|Serialization|Missing)/;

export function meaningOf({ code, message, senderFault }: Fault): Meaning {
  const name = code.replace(prefix, "").replace(/Exception$/, "");
  if (noQueue.has(name)) return "no-queue";
  if (tooLong.has(name)) return "too-long";
  if (stale.has(name)) return "stale";
  if (busy.test(name) || busy.test(code)) return "busy";
  if (aboutParameter.test(name)) {
    if (/MessageGroupId|not valid for this queue type/i.test(message)) return "no-groups";
    if (/ReceiptHandle|receipt handle|message does not exist/i.test(message)) return "stale";
    if (/must be shorter|too long|too large|exceed/i.test(message)) return "too-long";
  }
  return senderFault ? "refused" : "busy";
}

/** Of a request that the SDK gave up. No answer at all is nobody's fault but the network's. */
export function requestFault(error: unknown): Fault {
  const { code, message, status } = faultOf(error);
  return { code, message, senderFault: status !== undefined && status < serverFaults };
}
