/** The status page's server: `serve --status` and `master --http` start it. */
import { createServer, type Server } from "node:http";
import type { Settings } from "../../shared/config/settings.ts";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import { packageVersion } from "../../shared/package-root.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { isFolder, shownPlace } from "../compose/ports.ts";
import type { Scope } from "../compose/scope.ts";
import { isLoopback } from "../serve/hosts.ts";
import { listening, stopServer } from "../serve/server.ts";
import { flagsOf } from "../compose/settings.ts";
import { Actions } from "./actions.ts";
import { ChoicesSource } from "./choices.ts";
import { answer, type ExtraAnswer } from "./answer.ts";
import { pageAssets } from "./assets.ts";
import { AttemptsCache } from "./attempts-cache.ts";
import { Collector } from "./collect.ts";
import { placesOf } from "./places.ts";
import { shownCommand } from "./shown-command.ts";
import { Sessions } from "./sessions.ts";
import { StatusSource } from "./source.ts";

/** Before scaling. A folder costs nothing to look at, each request of a bucket costs money. */
const refreshMsOfFolder = 2_000;
const refreshMsOfBucket = 10_000;
/** A few people, each with the connections that a browser opens. */
const connectionsMax = 64;
/** From the first byte of a request to its last. */
const requestMsMax = 10_000;

export interface StatusServerOptions {
  readonly settings: Settings;
  readonly scope: Scope;
  readonly clock: Clock;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Null on loopback only, and for a page that only shows. */
  readonly token: string | null;
  /** How the caller calls us, for what is shown. */
  readonly command: readonly string[];
  /** Whether it acts; else it only shows. */
  readonly actions: boolean;
  /** What else is answered, by path. */
  readonly extra?: ReadonlyMap<string, () => Promise<ExtraAnswer>>;
  readonly onFailure: (message: string) => void;
}

export interface StatusServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Fails with `usage` for an address beyond this machine, or actions, without a token, and for an address that cannot be
 * listened on.
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { settings, scope, clock, host, token, command, actions, onFailure } = options;
  if (!isLoopback(host) && token === null) {
    throw new SpotfoldError("usage", `${host} is not this machine alone: the status page needs a token there`, {
      hint: "Name a file that holds one: --token-file FILE. To make it: openssl rand -hex 32 > FILE && chmod 600 FILE",
    });
  }
  if (actions && token === null) {
    throw new SpotfoldError("usage", "a status page that acts needs a token, on this machine, too", {
      hint: "Name a file that holds one: --token-file FILE.",
    });
  }
  const { statusMs, standbyMs, scale } = settings.timing;
  const refreshMs = (isFolder(settings.store) ? refreshMsOfFolder : refreshMsOfBucket) * scale;
  const places = placesOf(settings, scope);
  const place = shownPlace(settings.store);
  const version = packageVersion();
  const { folder } = settings;
  const flags = flagsOf(settings);
  const shown = (...words: string[]): string => shownCommand({ command, folder }, [...words, ...flags]);
  const commands = { master: shown("master"), worker: shown("worker"), logs: shown("logs") };
  const told = { place, version, actions, commands };
  const collector = new Collector({ places, clock, statusMs, standbyMs, scale, refreshMs, ...told });
  const source = new StatusSource({ collect: async () => await collector.collect(), clock, refreshMs });
  const attempts = new AttemptsCache(places, clock, refreshMs);
  const choices = new ChoicesSource(settings, places, clock);
  const acting = actions ? new Actions({ flags, command, folder, choices: async () => await choices.latest() }) : null;
  const assets = pageAssets();
  const server = createServer({ requestTimeout: requestMsMax, headersTimeout: requestMsMax });
  server.maxConnections = connectionsMax;
  await listening(server, options.port, host);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const input = {
    host,
    token,
    assets,
    sessions: new Sessions(port, () => clock.monotonic()),
    latest: async () => await source.latest(),
    attempts: async (run: string) => await attempts.of(run),
    actions: acting,
    choices: async () => JSON.stringify((await choices.latest()).document),
    acted: () => source.expire(),
    extra: options.extra ?? new Map<string, () => Promise<ExtraAnswer>>(),
  };
  server.on("request", (request, response) => {
    answer(input, request, response).catch((error: unknown) => {
      if (!response.destroyed) onFailure(messageOf(error));
      response.destroy();
    });
  });
  let stopping: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}/`,
    port,
    stop: async () => await (stopping ??= stopAll(server, acting)),
  };
}

async function stopAll(server: Server, acting: Actions | null): Promise<void> {
  await Promise.all([stopServer(server), acting?.stop()]);
}
