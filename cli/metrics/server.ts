/**
 * `/healthz` and `/metrics` of a daemon, for this machine alone: GET and HEAD, these two paths, and only when the caller
 * named this machine (cli/serve/hosts.ts). Answers are small and made in memory, so whoever is slow is cut: connections are
 * few, short-lived, and never what a daemon waits for at its end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { listen } from "../listen.ts";
import { isOwnHost } from "../serve/hosts.ts";
import type { HealthReport } from "./health.ts";

export interface MetricsServerOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly health: () => HealthReport;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

export interface MetricsServer {
  /** `http://127.0.0.1:9464/` */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const host = "127.0.0.1";
/** A scraper, a supervisor, a person, each with room. */
const connectionsMax = 16;
/** From the first byte of a request to its last, and the whole of a connection that says nothing. */
const requestMsMax = 5_000;
/** Node looks for connections that are over the limits so often. */
const lookMs = 1_000;

/** Fails with `usage` for a port that is in use or reserved. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const limits = { requestTimeout: requestMsMax, headersTimeout: requestMsMax, connectionsCheckingInterval: lookMs };
  const server = createServer({ ...limits, keepAlive: false }, (request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  server.maxConnections = connectionsMax;
  server.maxRequestsPerSocket = 1;
  server.setTimeout(requestMsMax, (socket) => socket.destroy());
  await listening(server, options.port);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return { url: `http://${host}:${port}/`, port, stop: async () => await stop(server) };
}

async function answer(
  { health, metrics }: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.shouldKeepAlive = false;
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (!isOwnHost(request.headers.host, host)) {
    return send(response, 403, "text/plain; charset=utf-8", "This machine's daemon answers to its own names alone.\n");
  }
  const path = (request.url ?? "").split("?")[0];
  if (path !== "/healthz" && path !== "/metrics") {
    return send(response, 404, "text/plain; charset=utf-8", "There are /healthz and /metrics.\n");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return send(response, 405, "text/plain; charset=utf-8", "Only GET and HEAD are answered.\n");
  }
  if (path === "/metrics") {
    const { type, text } = await metrics();
    return send(response, 200, type, text);
  }
  const report = health();
  send(response, report.status === "ok" ? 200 : 503, "application/json; charset=utf-8", `${JSON.stringify(report)}\n`);
}

/** Node leaves the body out of the answer to HEAD. */
function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

async function listening(server: Server, port: number): Promise<void> {
  try {
    await listen(server, port, host);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    const what = `The port ${port} for /healthz and /metrics is ${code === "EACCES" ? "reserved" : "in use"}`;
    throw new SpotfoldError("usage", what, {
      hint: "Give each daemon of a machine a port of its own from 1024: --metrics-port, or metricsPort. 0 takes any that is free.",
      context: { port, host },
    });
  }
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
