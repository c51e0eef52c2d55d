/** Errors of SQS requests as SpotfoldErrors: what is SQS's own here, the rest as for every service of AWS (../errors.ts). */
import { SpotfoldError } from "../../errors.ts";
import { translated } from "../errors.ts";
import { faultOf } from "../fault.ts";
import { meaningOf, requestFault } from "./meanings.ts";
import { arnOf } from "./place.ts";

export interface SqsRequest {
  /** For people. */
  readonly queue: string;
  /** Its URL, or its name. */
  readonly url: string;
  /** As policies name it: `sqs:SendMessage`. */
  readonly action: string;
}

/** An abort passes through unchanged. */
export function translatedFrom(error: unknown, { queue, url, action }: SqsRequest): unknown {
  if (error instanceof SpotfoldError) return error;
  const resource = arnOf(url);
  if (meaningOf(requestFault(error)) === "no-queue") {
    return new SpotfoldError("no-such-store", `The queue ${queue} is not there.`, {
      hint: "Check name, account and region. sqs://NAME means the queues NAME-jobs and NAME-ready.",
      context: { store: queue, action, resource },
      cause: error,
    });
  }
  const { code, principal, action: denied, resource: on } = faultOf(error);
  // The JSON protocol says no with status 400.
  if (code.startsWith("AccessDenied")) {
    const [Action, Resource] = [denied ?? action, on ?? resource];
    return new SpotfoldError("access-denied", `${principal ?? "This principal"} may not ${Action} on ${Resource}.`, {
      hint: `Allow it in a policy: ${JSON.stringify({ Effect: "Allow", Action, Resource })}`,
      context: { store: queue, action: Action, resource: Resource, ...(principal === undefined ? {} : { principal }) },
      cause: error,
    });
  }
  return translated(error, { store: queue, action, resource });
}
