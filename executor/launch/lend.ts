/**
 * Bounds the time in which a block is lent. Signing a URL may have to refresh credentials, and over a network that is dead that
 * takes as long as whoever gives them lets it. It speaks of this machine and its surroundings, never of the block: no stall is
 * counted meanwhile (pass.ts), and what comes too late ends the attempt as `infrastructure`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import type { JobHooks } from "../types.ts";
import { secondsOf } from "./causes.ts";

/** Longer than several tries of a service that gives credentials take, with their time-outs; and shorter than a lease. */
export const lendMsMax = 90_000;

/** The same hooks, whose `lend` rejects with `store-unavailable` after `msMax`. */
export function lendsInTime(hooks: JobHooks, msMax: number): JobHooks {
  return {
    ...hooks,
    lend: async (block) => {
      const answered = new AbortController();
      const late = sleep(msMax, undefined, { signal: answered.signal, ref: false }).then(() => {
        throw new SpotfoldError("store-unavailable", `it was not lent within ${secondsOf(msMax)}`, {
          retryable: true,
          hint: "Does whatever gives this worker its credentials answer? The job is tried again.",
        });
      });
      // Whichever of the two comes second has nobody who waits for it.
      late.catch(() => undefined);
      try {
        return await Promise.race([hooks.lend(block), late]);
      } finally {
        answered.abort();
      }
    },
  };
}
