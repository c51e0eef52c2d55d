/** The web server of published files: `serve` and `demo` start it. */
import { realpath, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";
import { listen } from "../listen.ts";
import { answer } from "./answer.ts";
import { PublishedFolder, type Aggregate } from "./published.ts";

export { isLoopback } from "./hosts.ts";

export interface ServerOptions {
  /** The web store, or one aggregate's folder. */
  readonly folder: string;
  /** 0: any that is free. */
  readonly port: number;
  /** An address of this machine. */
  readonly host: string;
  /** Origins whose pages may show a published page in a frame (frames.ts). Default: none but its own. */
  readonly frameOrigins?: readonly string[];
  /** A request that failed for a reason of ours: a disk that cannot be read. */
  readonly onFailure?: (message: string) => void;
}

export interface StartedServer {
  /** `http://127.0.0.1:8080/`. */
  readonly url: string;
  readonly port: number;
  /** What is published now. */
  aggregates(): Promise<readonly Aggregate[]>;
  /** Lets answers that are on their way end, for a moment; twice is once. */
  stop(): Promise<void>;
}

/** Answers that take longer at the end are cut. */
const patienceMs = 1_000;
/** More at once than any page opens. */
const connectionsMax = 500;

/**
 * Fails with `no-such-store` or `access-denied` for the folder, and `usage` for a port that is in use or reserved and a host
 * that is no address of this machine.
 */
export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const { folder, port, host, frameOrigins = [], onFailure } = options;
  const published = new PublishedFolder(await rootOf(folder));
  const server = createServer((request, response) => {
    answer(published, { host, frameOrigins }, request, response).catch((error: unknown) => {
      // A reader that left is none of our business.
      if (!response.destroyed && codeOf(error) !== "ERR_STREAM_PREMATURE_CLOSE") onFailure?.(messageOf(error));
      response.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  await listening(server, port, host);
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  let stopping: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}/`,
    port: actual,
    aggregates: async () => await published.aggregates(),
    stop: async () => await (stopping ??= stopServer(server)),
  };
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw translated(error, { store: `file:${folder}`, path: folder });
  }
  throw new SpotfoldError("no-such-store", `${folder} is not a folder`, {
    hint: "Name the folder that was published.",
  });
}

/** Rejects with `usage`, in words, for a port or host that cannot be had. */
export async function listening(server: Server, port: number, host: string): Promise<void> {
  try {
    await listen(server, port, host);
  } catch (error) {
    throw refusal(error, port, host);
  }
}

function refusal(error: unknown, port: number, host: string): unknown {
  const code = codeOf(error) ?? "";
  const context = { port, host };
  if (code === "EADDRINUSE") {
    return new SpotfoldError("usage", `the port ${port} is in use`, {
      hint: "Stop what listens there, or choose another: --port 0 takes any that is free.",
      context,
    });
  }
  if (code === "EACCES") {
    return new SpotfoldError("usage", `the port ${port} is reserved`, {
      hint: "Choose one from 1024, such as --port 8080.",
      context,
    });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL") {
    return new SpotfoldError("usage", `${host} is no address of this machine`, {
      hint: "127.0.0.1 is this machine alone; 0.0.0.0 is every network that it is in.",
      context,
    });
  }
  return error;
}

/** Answers that are on their way end, within `patienceMs`. */
export async function stopServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearTimeout(timer);
}
