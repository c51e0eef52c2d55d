/**
 * Bounds the time in which a block is lent. Signing a URL may have to refresh credentials, and over a network that is dead that
 * takes as long as whoever gives them lets it. It speaks of this machine and its surroundings, never of the block: no stall is
 * counted meanwhile (pass.ts), and what comes too late ends the attempt as `infrastructure`.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import type { JobHooks } from "../types.ts";
import { secondsOf } from "./causes.ts";

/** Longer than several tries of a service that gives credentials take, with their time-outs; and shorter than a lease. */
export const lendMsMax = 90_000;

/** The same hooks, whose `lend` rejects with `store-unavailable` after `msMax`. */
export function lendsInTime(hooks: JobHooks, msMax: number): JobHooks {
  return {
    ...hooks,
    lend: (block) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(notLent(msMax)), msMax).unref();
        // Whichever of the two comes second has nobody who waits for it.
        void hooks
          .lend(block)
          .then(resolve, reject)
          .finally(() => clearTimeout(late));
      }),
  };
}

function notLent(ms: number): SpotfoldError {
  return new SpotfoldError("store-unavailable", `it was not lent within ${secondsOf(ms)}`, {
    retryable: true,
    hint: "Does whatever gives this worker its credentials answer? The job is tried again.",
  });
}
