/** A status page's server in this process, and requests whose headers are as a test says. */
import assert from "node:assert/strict";
import { request, type IncomingHttpHeaders } from "node:http";
import { withScope } from "../../../cli/compose/scope.ts";
import { settingsOf } from "../../../cli/compose/settings.ts";
import { startStatusServer, type StatusServer } from "../../../cli/status-page/server.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import { atEnd } from "../../support/cleanup.ts";
import { capturedIo } from "../captured-io.ts";

export const token = "0123456789abcdef0123";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export function ask(port: number, path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => (text += more));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject).end(body);
  });
}

export interface StartOptions {
  /** The one that the caller stands in. */
  readonly folder: string;
  readonly clock: Clock;
  readonly host?: string;
  readonly token?: string | null;
  readonly actions?: readonly string[] | null;
}

/** Stopped at the end of the test. */
export async function startedServer({ folder, clock, ...given }: StartOptions): Promise<StatusServer> {
  const { host = "127.0.0.1", token: secret = null, actions = null } = given;
  let close = (): void => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  return await new Promise<StatusServer>((resolve, reject) => {
    const use = withScope(async (scope) => {
      const settings = settingsOf({}, capturedIo(folder).io);
      const acts = { command: actions ?? ["spotfold"], actions: actions !== null };
      const options = { settings, scope, clock, host, port: 0, token: secret, ...acts };
      const server = await startStatusServer({ ...options, onFailure: (message) => assert.fail(message) });
      resolve(server);
      await closed;
      await server.stop();
    });
    use.catch(reject);
    atEnd(async () => {
      close();
      await use.catch(() => undefined);
    });
  });
}
