/** A daemon whose log exists says in it, too, why it could not begin: whoever watches a fleet reads events, not texts. */
import type { DaemonEvent } from "../shared/daemon.ts";
import { codeOf, messageOf, SpotfoldError } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import { exitCodeOf } from "./exit-codes.ts";

/**
 * What `body` answers. What it throws is the end of the daemon of this name, by an error before its loops ran (later ones are
 * told by the daemon itself): logged, and answered by its exit code. Never rejects.
 */
export async function loggingFailure(
  daemon: string,
  log: Log<DaemonEvent>,
  body: () => Promise<number>,
): Promise<number> {
  try {
    return await body();
  } catch (error) {
    const hint = error instanceof SpotfoldError ? (error.hint ?? null) : null;
    const status = exitCodeOf(error);
    log({ event: "daemon-failed", daemon, code: codeOf(error) ?? null, message: messageOf(error), hint });
    log({ event: "daemon-ended", daemon, status });
    return status;
  }
}
