/** For those who look over a runner's shoulder: what it says of being ready is passed on, where it says anything. */
import type { JobRunner } from "./types.ts";

export function readyOf(runner: JobRunner): Pick<JobRunner, "ready"> {
  return runner.ready === undefined
    ? {}
    : { ready: async (jobs, signal) => (await runner.ready?.(jobs, signal)) ?? jobs };
}
