/**
 * `spotfold serve --status`: the status page, and nothing else, until it is told to stop. Published files are served by a
 * process of their own: a page among them would be of the same origin as this one, for a browser.
 */
import { systemClock } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { shownPlace } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { isLoopback } from "../serve/hosts.ts";
import { startStatusServer } from "../status-page/server.ts";
import { pageToken, tokenText } from "../status-page/token.ts";
import { impatient } from "./status.ts";

export interface ServeStatusOptions extends StoreOptions {
  readonly tokenFile?: string;
  readonly allowActions?: boolean;
}

export interface Where {
  readonly host: string;
  readonly port: number;
}

export async function serveStatus(
  target: string | undefined,
  { host, port }: Where,
  options: ServeStatusOptions,
  io: Io,
): Promise<number> {
  if (target !== undefined) {
    throw new SpotfoldError("usage", `--status shows all of the work store; ${target} cannot be served beside it`, {
      hint: "Serve published files by another spotfold serve, on another --port.",
    });
  }
  return await withScope(async (scope) => {
    const settings = impatient(settingsOf(options, io));
    const say = async (text: string): Promise<void> => await io.err.write(`${text}\n`);
    const acts = options.allowActions === true;
    // Beyond this machine it is named by a file alone: the server refuses what has none.
    const { token, isMade } = pageToken(options.tokenFile, settings.folder, acts && isLoopback(host));
    const server = await startStatusServer({
      settings,
      scope,
      clock: systemClock,
      host,
      port,
      token,
      command: io.command,
      actions: acts,
      onFailure: (message) => void say(`A request failed: ${message}`),
    });
    try {
      await io.out.write(`Status of ${shownPlace(settings.store)} at ${server.url}\n`);
      if (isMade && token !== null) await io.out.write(tokenText(server.url, token));
      if (io.out.isTerminal) await io.out.write("Ctrl-C stops it.\n");
      const { first } = io.interrupts;
      await new Promise<void>((resolve) => {
        if (first.aborted) resolve();
        else first.addEventListener("abort", () => resolve(), { once: true });
      });
      // The terminal has written ^C.
      if (io.out.isTerminal) await io.out.write("\n");
    } finally {
      await server.stop();
    }
    return exitCodes.done;
  });
}
