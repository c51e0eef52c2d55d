/**
 * GET of a URL that a store lent, as it is: no redirects, no decoding of its Content-Encoding, and a body that may be read as
 * slowly as its reader likes.
 *
 * Not by `fetch`: in the undici that Node 24 brings (7.x), a server that closes its connection while the body waits for its
 * reader makes an assertion fail where nobody can catch it, and the process is gone (nodejs/undici#5360). S3 closes
 * connections after an answer now and then; many of its look-alikes do always.
 */
import { Agent as HttpAgent, get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, get as getHttps } from "node:https";
import { caList } from "./http-terms.ts";
import type { HttpTerms } from "./http-terms.ts";

/** Nothing came for so long although its reader waited: the connection is half open. */
const silentMsMax = 60_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end, or destroyed. Fails when the connection is cut before its end, or silent for a minute. */
  readonly body: IncomingMessage;
}

/** Connections that stay for the next request, by the scheme of a URL. */
export interface HttpAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function httpAgents({ proxy, ca }: HttpTerms = {}): HttpAgents {
  const options = { ...agentOptions, ...(proxy === undefined ? {} : { proxyEnv: { ...proxy } }) };
  const trusted = caList(ca);
  return {
    http: new HttpAgent(options),
    https: new HttpsAgent({ ...options, ...(trusted === undefined ? {} : { ca: trusted }) }),
  };
}

/** As Node's own agents have them: connections that nobody used for 5 s are closed. */
const agentOptions = { keepAlive: true, scheduling: "lifo", timeout: 5_000 } as const;

const plainAgents = httpAgents();

/** Rejects when no answer came. */
export function httpGet(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  silentMs: number = silentMsMax,
  agents: HttpAgents = plainAgents,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const isSecure = url.startsWith("https:");
    const options = { headers, timeout: silentMs, agent: isSecure ? agents.https : agents.http };
    const request = isSecure ? getHttps(url, options) : getHttp(url, options);
    let body: IncomingMessage | undefined;
    request.on("response", (response) => {
      body = response;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    // After an answer it is the body that fails.
    request.on("error", reject);
    request.on("timeout", () => {
      // What is there waits for its reader, not for the server.
      if (body !== undefined && body.readableLength > 0) request.socket?.setTimeout(silentMs);
      else (body ?? request).destroy(silence(silentMs));
    });
  });
}

function silence(ms: number): Error {
  return Object.assign(new Error(`The server was silent for ${ms / 1_000} s.`), { name: "TimeoutError" });
}
