/**
 * `spotfold serve [DIR|AGGREGATE]`: serves published files, and nothing else, until it is told to stop.
 *
 *   exit 0   stopped by Ctrl-C or SIGTERM        2   a wrong port, host or origin, a port in use, an unknown aggregate
 */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isPlace } from "../../shared/dataset/place.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { isId } from "../../shared/names.ts";
import { folderOf } from "../compose/ports.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../sample/shown-path.ts";
import { frameOrigins } from "../serve/frames.ts";
import { isLoopback, startServer } from "../serve/server.ts";
import { refuseWithoutPage } from "../status-page/token.ts";
import { serveStatus } from "./serve-status.ts";

export interface ServeOptions extends StoreOptions {
  readonly port?: string | number;
  readonly host?: string;
  /** Origins whose pages may show a published page in a frame. */
  readonly allowFrames?: readonly string[];
  /** The status page instead. */
  readonly status?: boolean;
  readonly tokenFile?: string;
  readonly allowActions?: boolean;
}

const portDefault = 8080;
const portMax = 65_535;
const hostDefault = "127.0.0.1";

/** `target`: a folder, or an aggregate's name; by default the web store. */
export async function serve(target: string | undefined, options: ServeOptions, io: Io): Promise<number> {
  const { host = hostDefault, allowFrames = [] } = options;
  const port = portOf(options.port ?? portDefault);
  const origins = frameOrigins(allowFrames);
  if (options.status === true) {
    if (origins.length > 0) throw unframeable();
    return await serveStatus(target, { host, port }, options, io);
  }
  refuseWithoutPage(options, "--status");
  const settings = settingsOf(options, io);
  const folder = folderToServe(target, settings.web, settings.folder);
  const say = async (text: string): Promise<void> => await io.err.write(`${text}\n`);
  const server = await startServer({
    folder,
    port,
    host,
    frameOrigins: origins,
    onFailure: (message) => void say(`A request failed: ${message}`),
  });
  try {
    if (!isLoopback(host))
      await say(`Warning: ${host} is not this machine alone: whoever reaches it can read what is published.`);
    const aggregates = await server.aggregates();
    await io.out.write(`Serving ${shownPath(folder, settings.folder)} at ${server.url}\n`);
    for (const { name, segment, hasPage } of aggregates) {
      const address = `${server.url}${segment === "" ? "" : `${segment}/`}`;
      await io.out.write(`  ${name}  ${address}${hasPage ? "" : "coverage.json"}\n`);
    }
    if (aggregates.length === 0) await io.out.write("  Nothing is published there yet.\n");
    if (io.out.isTerminal) await io.out.write("Ctrl-C stops it.\n");
    await aborted(io.interrupts.first);
    // The terminal has written ^C.
    if (io.out.isTerminal) await io.out.write("\n");
  } finally {
    await server.stop();
  }
  return exitCodes.done;
}

function unframeable(): SpotfoldError {
  return new SpotfoldError("usage", "--allow-frames: the status page is shown in no frame", {
    hint: "Leave one of the two out: published pages are served by another spotfold serve, on another --port.",
  });
}

function portOf(given: string | number): number {
  const port = /^\d{1,5}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (port <= portMax) return port;
  throw new SpotfoldError("usage", `--port ${given}: a port is a whole number from 0 to ${portMax}`, {
    hint: "--port 0 takes any that is free.",
  });
}

/** Absolute. A name is an aggregate's if there is one, else a folder's. What is published into a bucket is served by that. */
function folderToServe(target: string | undefined, place: string, folder: string): string {
  if (target !== undefined && isPlace(target)) return existing(resolve(folder, target));
  const web = folderOf(place);
  if (target === undefined) {
    if (isFolder(web)) return web;
    throw new SpotfoldError("no-such-store", `Nothing is published yet: there is no folder ${web}`, {
      hint: "Publish something first (spotfold run), or name a folder: spotfold serve ./dashboard.",
    });
  }
  const path = resolve(folder, target);
  if (isId(target)) {
    const own = join(web, target);
    if (isFolder(own)) return own;
    if (!isFolder(path)) {
      throw new SpotfoldError("usage", `There is no published aggregate ${target} in ${web}, and no folder ${path}`, {
        hint: "Without a name, every aggregate that is published is served.",
      });
    }
  }
  return existing(path);
}

function existing(path: string): string {
  if (isFolder(path)) return path;
  throw new SpotfoldError("usage", `There is no folder ${path}`, {
    hint: "Name a folder of published files, or an aggregate.",
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    if (signal.aborted) settle();
    else signal.addEventListener("abort", () => settle(), { once: true });
  });
}
