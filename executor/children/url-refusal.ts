/**
 * What a store's refusal of a lent URL says, as the error that the same refusal of a request of ours would be. Pure.
 *
 * Absent, changed and archived are final. Of everything else another URL, signed anew, may be the cure: one that has expired,
 * credentials that were replaced since, a server that is slow. When it is not, what the last answer said counts.
 */
import type { AwsCall } from "../../shared/aws/error-table.ts";
import { inWords } from "../../shared/aws/errors.ts";
import { faultOfAnswer } from "../../shared/aws/fault.ts";
import type { PlainAnswer } from "../../shared/aws/fault.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** S3's errors have a few hundred bytes; whatever else answers is not read further. */
export const refusalBytesMax = 4 * 1024;

const httpAbsent = 404;
/** If-Match does not hold, or the range lies past the end: it is another block than the one that was begun. */
const httpChanged: ReadonlySet<number> = new Set([412, 416]);

/** `attempts`: requests in a row that gave nothing, this one included. */
export function refusalOf(answer: PlainAnswer, call: AwsCall, attempts = 1): SpotfoldError {
  const fault = { ...faultOfAnswer(answer), attempts };
  if (answer.status === httpAbsent && fault.code !== "NoSuchBucket") {
    return new SpotfoldError("absent", "it is not there any more");
  }
  if (httpChanged.has(answer.status)) return new SpotfoldError("changed", "it was replaced since it was catalogued");
  return inWords(fault, call);
}
