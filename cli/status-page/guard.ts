/**
 * Who may ask the status page's server, decided by a request's headers alone:
 *
 *   Host     on loopback it is a name of this machine (cli/serve/hosts.ts): a page of the web that has its own name point here
 *            ("DNS rebinding") is told by it. Beyond, only a token tells.
 *   Origin   where it is sent, it is the server's own; so is the site that the browser says it asks for. A page of another
 *            origin can neither read nor act, also with a cookie.
 *   token    needed wherever the server has one: as `Authorization: Bearer`, or by the cookie of a login. Never in a URL.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isOwnHost } from "../serve/hosts.ts";
import type { Sessions } from "./sessions.ts";

export interface Refusal {
  readonly status: 401 | 403;
  readonly code: "host" | "origin" | "token";
  readonly message: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** `bound`: the address that the server listens on. Null: whoever asks may be answered, apart from the token. */
export function refuseCaller({ method, path, headers }: Asked, bound: string): Refusal | null {
  const { host, origin } = headers;
  if (host === undefined || !isOwnHost(host, bound)) {
    const message = "This server answers to localhost, 127.0.0.1, [::1] and the host that it was given alone.";
    return { status: 403, code: "host", message };
  }
  const foreign: Refusal = { status: 403, code: "origin", message: "Pages of other origins are not answered." };
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return foreign;
  const site = headers["sec-fetch-site"];
  // A link that leads here is followed: it gets the page, which has no data in it.
  const isLink = path === "/" && method === "GET" && headers["sec-fetch-mode"] === "navigate";
  const isOurs = site === undefined || site === "same-origin" || site === "none";
  return isOurs || isLink ? null : foreign;
}

/** Null: it showed the token, or none is needed. */
export function refuseToken(headers: IncomingHttpHeaders, token: string | null, sessions: Sessions): Refusal | null {
  if (token === null) return null;
  const [, bearer] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? "") ?? [];
  if (bearer !== undefined && isSame(bearer, token)) return null;
  if (sessions.knows(headers.cookie)) return null;
  return { status: 401, code: "token", message: "The token of this server is needed." };
}

/** In a time that says nothing of how much of it is right, nor of its length. */
export function isSame(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
