/**
 * GET of a URL that a store lent, as it is: no redirects, no decoding of its Content-Encoding, and a body that may be read as
 * slowly as its reader likes.
 *
 * Not by `fetch`: in the undici that Node 24 brings (7.x), a server that closes its connection while the body waits for its
 * reader makes an assertion fail where nobody can catch it, and the process is gone (nodejs/undici#5360). S3 closes
 * connections after an answer now and then; many of its look-alikes do always.
 */
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";

/** Nothing came for so long although its reader waited: the connection is half open. */
const silentMsMax = 60_000;

export interface HttpAnswer {
  readonly status: number;
  /** To be read to its end, or destroyed. Fails when the connection is cut before its end, or silent for a minute. */
  readonly body: IncomingMessage;
}

/** Rejects when no answer came. */
export function httpGet(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  silentMs: number = silentMsMax,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith("https:") ? getHttps : getHttp;
    const request = get(url, { headers, timeout: silentMs });
    let body: IncomingMessage | undefined;
    request.on("response", (response) => {
      body = response;
      resolve({ status: response.statusCode ?? 0, body: response });
    });
    // After an answer it is the body that fails.
    request.on("error", reject);
    request.on("timeout", () => {
      // What is there waits for its reader, not for the server.
      if (body !== undefined && body.readableLength > 0) request.socket?.setTimeout(silentMs);
      else (body ?? request).destroy(new Error(`The server was silent for ${silentMs / 1_000} s.`));
    });
  });
}
