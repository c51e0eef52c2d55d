/**
 * A call that has not come back in its time, while it goes on: the ports are patient for minutes, and whoever waits for them
 * says so earlier.
 */
import { SpotfoldError } from "./errors.ts";

/** What to do about any server that is silent. */
export const overloadedHint = "See whether the network or the server is overloaded.";

/** `name`: who was asked. `ms`: since when. */
export function unanswered(name: string, ms: number): SpotfoldError {
  return new SpotfoldError("timeout", `${name} has not answered for ${ms / 1_000} s.`, {
    hint: overloadedHint,
    retryable: true,
  });
}
