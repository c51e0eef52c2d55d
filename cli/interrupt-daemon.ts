/** The first signal drains a daemon, the second aborts it. */
import type { Daemon } from "../shared/daemon.ts";
import { messageOf } from "../shared/errors.ts";
import type { Interrupts } from "./io.ts";

export function interruptDaemon(daemon: Daemon, { first, second }: Interrupts): void {
  for (const signal of [first, second]) {
    signal.addEventListener("abort", () => daemon.interrupt(messageOf(signal.reason)), { once: true });
    if (signal.aborted) daemon.interrupt(messageOf(signal.reason));
  }
}
