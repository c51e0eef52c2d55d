/** The structured log of daemons: one JSON object a line on stderr, of the vocabularies of all that runs in them. */
import { daemonEvents, type DaemonEvent } from "../../shared/daemon.ts";
import { createLog, defineEvents, type Log } from "../../shared/log.ts";
import { loopEvents, type LoopEvent } from "../../shared/loop.ts";
import { systemClock } from "../../shared/clock.ts";
import type { MasterEvent } from "../../master/context.ts";
import type { LeaseEvent } from "../../master/lease.ts";
import type { WorkerEvent } from "../../worker/context.ts";

/** What processes say of themselves. */
export type ProcessEvent =
  | { readonly event: "settings"; readonly settings: Readonly<Record<string, unknown>> }
  /** Where `/healthz` and `/metrics` are. */
  | { readonly event: "metrics-listening"; readonly url: string; readonly port: number }
  /** Where the status page is. */
  | { readonly event: "status-page-listening"; readonly url: string; readonly port: number }
  | { readonly event: "status-page-failed"; readonly message: string };

export type AnyEvent = ProcessEvent | DaemonEvent | LoopEvent | MasterEvent | LeaseEvent | WorkerEvent;

export const allEvents = defineEvents<AnyEvent>(daemonEvents, loopEvents, {
  settings: "info",
  "metrics-listening": "info",
  "status-page-listening": "info",
  "status-page-failed": "warn",
  "job-started": "info",
  "job-ended": "info",
  "lease-ended": "debug",
  "message-refused": "warn",
  "queue-failed": "warn",
  "status-failed": "warn",
  "store-away": "warn",
  "store-back": "info",
  "queue-back": "info",
  "worker-gives-up": "error",
  "run-admitted": "info",
  "run-refused": "warn",
  "jobs-sent": "info",
  "dead-job-sent-again": "error",
  "dead-job-dropped": "warn",
  "dead-message-dropped": "error",
  "dead-message-left": "warn",
  "jobs-entered": "info",
  "resolution-invalid": "error",
  "run-closed": "info",
  "run-held": "warn",
  "left-alone": "warn",
  "entering-waits": "warn",
  compacted: "info",
  "partition-stuck": "error",
  published: "info",
  "publish-failed": "error",
  collected: "info",
  "master-leading": "info",
  "master-standby": "info",
  "master-unfit": "warn",
  "lease-given-up": "info",
  "lease-failed": "warn",
  "lease-recovered": "info",
});

/** `fields` are in every line, e.g. which process it is. */
export function daemonLog(fields: Readonly<Record<string, unknown>>, write: (line: string) => void): Log<AnyEvent> {
  return createLog<AnyEvent>({ vocabulary: allEvents, write, clock: systemClock, fields });
}
