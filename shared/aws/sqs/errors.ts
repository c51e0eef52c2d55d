/** Errors of SQS requests as SpotfoldErrors: what is SQS's own here, the rest as for every service of AWS (../errors.ts). */
import { SpotfoldError } from "../../errors.ts";
import { translated } from "../errors.ts";
import { meaningOf, requestFault } from "./meanings.ts";
import { arnOf } from "./place.ts";

export interface SqsRequest {
  /** For people. */
  readonly queue: string;
  /** Its URL, or its name. */
  readonly url: string;
  /** As policies name it: `sqs:SendMessage`. */
  readonly action: string;
  /** In which a queue was looked for by its name; a queue's URL tells its own. */
  readonly region?: string;
  /** That was asked for. */
  readonly profile?: string;
}

/** An abort passes through unchanged. */
export function translatedFrom(error: unknown, { queue, url, action, region, profile }: SqsRequest): unknown {
  if (error instanceof SpotfoldError) return error;
  const resource = arnOf(url);
  if (meaningOf(requestFault(error)) === "no-queue") {
    return new SpotfoldError(
      "no-such-store",
      `The queue ${queue} is not there${region === undefined ? "" : `, in the region ${region}`}.`,
      {
        hint: "Check name, account and region, or make it: spotfold init --create. sqs://NAME means NAME-jobs and NAME-ready.",
        context: { store: queue, action, resource },
        cause: error,
      },
    );
  }
  return translated(error, { store: queue, action, resource, ...(profile === undefined ? {} : { profile }) });
}
