/**
 * What looks on while a daemon works: its log counted, its health judged, both served on this machine until it has ended. The
 * port is opened before anything else, so that one that is taken is told at once, as a wrong flag is.
 */
import { systemClock } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import type { Log } from "../../shared/log.ts";
import { packageVersion } from "../../shared/package-root.ts";
import type { AnyEvent } from "../compose/log.ts";
import { Health } from "./health.ts";
import type { DaemonMetrics } from "./registry.ts";
import { startMetricsServer } from "./server.ts";

export interface MonitorInput<Metrics extends DaemonMetrics> {
  readonly daemon: "master" | "worker";
  readonly id: string;
  readonly settings: Settings;
  readonly log: Log<AnyEvent>;
  readonly metrics: (version: string) => Metrics;
}

export interface Monitor<Metrics extends DaemonMetrics> {
  /** The log, with its events counted. */
  readonly log: Log<AnyEvent>;
  readonly health: Health;
  readonly metrics: Metrics;
}

/** Rejects with `usage` for a port that is taken; else with what `use` rejects with. */
export async function monitored<Metrics extends DaemonMetrics>(
  { daemon, id, settings, log, metrics: make }: MonitorInput<Metrics>,
  use: (monitor: Monitor<Metrics>) => Promise<number>,
): Promise<number> {
  const version = packageVersion();
  const metrics = make(version);
  const health = new Health({ daemon, id, version, clock: systemClock, scale: settings.timing.scale });
  const { registry } = metrics;
  const server = await startMetricsServer({
    port: settings.metricsPort,
    health: () => health.report(),
    metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  });
  const counted: Log<AnyEvent> = (event) => {
    try {
      metrics.count(event);
    } catch {
      // A counter that refuses a number must not fail what it counts; the event itself is logged.
    }
    if (event.event === "daemon-started") health.started();
    if (event.event === "daemon-draining") health.draining(event.why);
    log(event);
  };
  counted({ event: "metrics-listening", url: server.url, port: server.port });
  try {
    return await use({ log: counted, health, metrics });
  } finally {
    await server.stop();
  }
}
