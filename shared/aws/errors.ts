/** Errors of AWS as SpotfoldErrors, by the table of error-table.ts. */
import { SpotfoldError } from "../errors.ts";
import { errorRows, sentence } from "./error-table.ts";
import type { AwsCall } from "./error-table.ts";
import { faultOf } from "./fault.ts";
import type { AwsFault } from "./fault.ts";

/** An error of a request as a SpotfoldError; an abort and our own errors pass through unchanged. */
export function translated(error: unknown, call: AwsCall): unknown {
  if (error instanceof SpotfoldError || (error instanceof Error && error.name === "AbortError")) return error;
  return inWords(faultOf(error), call, error);
}

/** `cause`: the error that the fault was read from, where there is one. */
export function inWords(fault: AwsFault, call: AwsCall, cause?: unknown): SpotfoldError {
  const row = errorRows.find(({ fits }) => fits(fault));
  const { store, key } = call;
  const context = {
    store,
    ...(key === undefined ? {} : { key }),
    action: fault.action ?? call.action,
    resource: fault.resource ?? call.resource,
    ...(fault.principal === undefined ? {} : { principal: fault.principal }),
    answered: fault.code,
    ...(fault.status === undefined ? {} : { status: fault.status }),
  };
  if (row === undefined) {
    return new SpotfoldError("store-unavailable", `${call.action} on ${store} failed: ${sentence(fault.message)}`, {
      hint: "See the cause.",
      context,
      cause,
    });
  }
  return new SpotfoldError(row.code, row.says(fault, call), {
    hint: row.hint(fault, call),
    ...(row.retryable === true ? { retryable: true } : {}),
    context,
    cause,
  });
}
