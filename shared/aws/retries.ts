/**
 * When the SDK tries a request again: as its `standard` mode does (exponential back-off with full jitter, throttling slower, a
 * server's Retry-After honoured), but without that mode's budget. The budget is of a client: after some fifty failures, however
 * they are spread over hours of calls, nothing is tried again, and a pass of a hundred requests against a store that fails one
 * in three never comes through. What bounds us is the tries of each call, the calls in flight (requests.ts), and the back-off of
 * whoever asked.
 */
import type { S3ClientConfig } from "@aws-sdk/client-s3";

/** The SDK's. */
type Strategy = Extract<NonNullable<S3ClientConfig["retryStrategy"]>, { acquireInitialRetryToken: unknown }>;
type Token = Awaited<ReturnType<Strategy["acquireInitialRetryToken"]>>;
type Failure = Parameters<Strategy["refreshRetryTokenForRetry"]>[1];

/** The longest wait before the first repetition; doubles with each. */
const backOffMs = 100;
const throttledBackOffMs = 500;
const backOffMsMax = 20_000;

const again: ReadonlySet<Failure["errorType"]> = new Set(["TRANSIENT", "THROTTLING"]);

function token(retries: number, delayMs: number): Token {
  return { getRetryCount: () => retries, getRetryDelay: () => delayMs };
}

/** `attemptsMax`: tries of one request, the first included. `float`: uniform in [0, 1). */
export function retriesOf(attemptsMax: number, float: () => number): Strategy {
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    refreshRetryTokenForRetry: async (before, { errorType, retryAfterHint }) => {
      const retries = before.getRetryCount() + 1;
      // The SDK throws the request's own error then.
      if (retries >= attemptsMax || !again.has(errorType)) throw new Error("it is not tried again");
      const base = errorType === "THROTTLING" ? throttledBackOffMs : backOffMs;
      const jittered = float() * Math.min(backOffMsMax, base * 2 ** (retries - 1));
      const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
      return token(retries, Math.min(backOffMsMax, Math.max(jittered, asked)));
    },
    recordSuccess: () => undefined,
  };
}
