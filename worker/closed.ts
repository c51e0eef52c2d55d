/**
 * A run that is closed while its jobs are executed (cancelled, past its deadline): their attempts end, since nothing that they
 * find will be counted. Its hold is looked at as often as leases are extended.
 */
import { messageOf } from "../shared/errors.ts";
import type { WorkerContext } from "./context.ts";
import { isAway } from "./records.ts";
import { readHold } from "../shared/read-hold.ts";

/** The reason of the signal; the job runner reads the cause. Whoever gets the message next finds the run closed. */
const runClosed = new Error("the run was closed", { cause: "interrupted" });

/** Does `act`, whose signal aborts when the run is closed. */
export async function unlessClosed<T>(
  context: WorkerContext,
  run: string,
  act: (closed: AbortSignal) => Promise<T>,
): Promise<T> {
  const closed = new AbortController();
  const over = new AbortController();
  const watching = watch(context, run, closed, over.signal);
  try {
    return await act(closed.signal);
  } finally {
    over.abort();
    await watching;
  }
}

async function watch(context: WorkerContext, run: string, closed: AbortController, over: AbortSignal): Promise<void> {
  const { clock, store, timing, log } = context;
  while (!closed.signal.aborted) {
    await clock.sleep(timing.heartbeatMs, over);
    if (over.aborted) return;
    try {
      const found = await readHold(store, run);
      if (found?.hold.kind === "closed") closed.abort(runClosed);
    } catch (error) {
      // A store that is away is told by the worker's status, once for all of its jobs.
      if (!isAway(error)) log({ event: "queue-failed", what: "hold", message: messageOf(error) });
    }
  }
}
