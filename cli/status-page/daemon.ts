/** The status page of a daemon, with its `/healthz` and `/metrics` beside it: as long as the daemon lives. */
import type { Registry } from "prom-client";
import { systemClock } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { contentTypeOf } from "../../shared/content-types.ts";
import type { Log } from "../../shared/log.ts";
import { impatient } from "../commands/status.ts";
import type { AnyEvent } from "../compose/log.ts";
import { withScope } from "../compose/scope.ts";
import type { Health } from "../metrics/health.ts";
import type { Address } from "./address.ts";
import type { ExtraAnswer } from "./answer.ts";
import { startStatusServer } from "./server.ts";

export interface DaemonPage extends Address {
  readonly token: string | null;
  /** How the caller calls us. */
  readonly command: readonly string[];
  /** Whether it acts; else it only shows. */
  readonly actions: boolean;
  /** It listens: whoever started it is told what only they are to know. */
  readonly tell: (url: string) => Promise<void>;
}

export interface PagedDaemon {
  readonly settings: Settings;
  readonly log: Log<AnyEvent>;
  readonly health: Health;
  readonly registry: Registry;
}

/** What `live` gives. Rejects with `usage` for an address that cannot be had, before the daemon has begun. */
export async function withStatusPage(
  { host, port, token, command, actions, tell }: DaemonPage,
  { settings, log, health, registry }: PagedDaemon,
  live: () => Promise<number>,
): Promise<number> {
  const extra = new Map<string, () => Promise<ExtraAnswer>>([
    ["/healthz", async () => await Promise.resolve(healthAnswer(health))],
    ["/metrics", async () => ({ status: 200, type: registry.contentType, text: await registry.metrics() })],
  ]);
  // It has ports of its own: what the page waits for, the daemon does not.
  return await withScope(async (scope) => {
    const server = await startStatusServer({
      settings: impatient(settings),
      scope,
      clock: systemClock,
      host,
      port,
      token,
      command,
      actions,
      extra,
      onFailure: (message) => log({ event: "status-page-failed", message }),
    });
    log({ event: "status-page-listening", url: server.url, port: server.port });
    try {
      await tell(server.url);
      return await live();
    } finally {
      await server.stop();
    }
  });
}

function healthAnswer(health: Health): ExtraAnswer {
  const report = health.report();
  const text = `${JSON.stringify(report)}\n`;
  return { status: report.status === "ok" ? 200 : 503, type: contentTypeOf("healthz.json"), text };
}
