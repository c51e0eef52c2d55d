import assert from "node:assert/strict";
import { meaningOf, type Meaning } from "../../../../shared/aws/sqs/meanings.ts";

/** Code, message, whose fault; words as SQS, moto, ElasticMQ and LocalStack put them. */
const said: readonly (readonly [Meaning, string, string, boolean])[] = [
  ["no-queue", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.", true],
  ["no-queue", "QueueDoesNotExist", "", true],
  ["no-queue", "com.amazonaws.sqs#QueueDoesNotExistException", "", true],
  [
    "too-long",
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "Batch requests cannot be longer than 262144 bytes.",
    true,
  ],
  [
    "too-long",
    "InvalidParameterValue",
    "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
    true,
  ],
  ["stale", "ReceiptHandleIsInvalid", "The input receipt handle is invalid.", true],
  ["stale", "MessageNotInflight", "", true],
  [
    "stale",
    "InvalidParameterValue",
    "Value A for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
    true,
  ],
  [
    "stale",
    "InvalidParameterValue",
    "Reason: Message does not exist or is not available for visibility timeout change.",
    true,
  ],
  [
    "refused",
    "InvalidParameterValue",
    "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
    true,
  ],
  ["no-groups", "InvalidParameterValue", "The request include parameter that is not valid for this queue type", true],
  ["no-groups", "UnsupportedOperation", "MessageGroupId is not known here.", true],
  ["refused", "InvalidMessageContents", "", true],
  ["refused", "AccessDenied", "", true],
  ["busy", "InternalError", "", false],
  ["busy", "RequestThrottled", "", true],
  ["busy", "ThrottlingException", "Rate exceeded", true],
  ["busy", "KmsThrottled", "", true],
  ["busy", "ECONNRESET", "socket hang up", false],
];

describe("errors of SQS", () => {
  for (const [meaning, code, message, senderFault] of said) {
    it(`${code} ${message === "" ? "" : `(${message.slice(0, 60)}) `}means ${meaning}`, () => {
      assert.equal(meaningOf({ code, message, senderFault }), meaning);
    });
  }
});
