/**
 * Answers one request to the status page's server.
 *
 *   GET  /                        the page; it has no data in it, so it needs no token: it asks for it
 *   GET  /assets/<name>           its script and style
 *   GET  /status.json             the document (docs/formats/status.md); 304 when its etag is the same
 *   GET  /attempts.json?run=<run> attempts at the jobs of a run
 *   POST /login  {"token": …}     204 and a cookie
 *   GET  /choices.json            with --allow-actions: what a run can be made of
 *   POST /actions/plan, /actions/run  with --allow-actions: the command that an action is, and what it would do; does it
 *   GET  /healthz, /metrics       of the daemon that has the page, where there is one
 *
 * Refusals are JSON: {"error": {code, message, hint}}.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { storeTimeHeader } from "../../dashboard/status/document.ts";
import { contentTypeOf } from "../../shared/content-types.ts";
import { codeOf, hintOf, messageOf } from "../../shared/errors.ts";
import { actionSchema } from "./action-words.ts";
import type { Actions } from "./actions.ts";
import type { PageAssets } from "./assets.ts";
import { fieldOf } from "./field-words.ts";
import { isSame, refuseCaller, refuseToken } from "./guard.ts";
import type { Sessions } from "./sessions.ts";
import type { Prepared } from "./source.ts";

/** What else a server answers to GET and HEAD: whole, and made in memory. */
export interface ExtraAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface AnswerInput {
  /** The address that the server listens on. */
  readonly host: string;
  readonly token: string | null;
  readonly assets: PageAssets;
  readonly sessions: Sessions;
  readonly latest: () => Promise<Prepared>;
  /** JSON. */
  readonly attempts: (run: string) => Promise<string>;
  /** Null: read-only. */
  readonly actions: Actions | null;
  /** JSON. */
  readonly choices: () => Promise<string>;
  /** Something was done: what is known is old. */
  readonly acted: () => void;
  /** By path. */
  readonly extra: ReadonlyMap<string, () => Promise<ExtraAnswer>>;
}

/** Of an action: forty filters and as many parameters as people type them. */
const bodyBytesMax = 64 * 1024;
const jsonType = contentTypeOf("status.json");
const cacheSeconds = 31_536_000;

const headersAlways = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

export async function answer(input: AnswerInput, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(headersAlways)) response.setHeader(name, value);
  const method = request.method ?? "";
  const url = urlOf(request.url ?? "/");
  if (url === null) return refuse(response, 400, "usage", "That is no path of this server.");
  const path = url.pathname;
  const foreign = refuseCaller({ method, path, headers: request.headers }, input.host);
  if (foreign !== null) return refuse(response, foreign.status, foreign.code, foreign.message);
  if (path === "/login") return await login(input, request, response);
  if (path.startsWith("/actions/")) return await act(input, path, request, response);
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return refuse(response, 405, "method", "Only GET and HEAD are answered here.");
  }
  if (path === "/") return send(response, 200, contentTypeOf("index.html"), input.assets.html);
  if (path.startsWith("/assets/")) return sendAsset(input, path.slice("/assets/".length), response);
  if (isStrange(input, request, response)) return;
  if (path === "/status.json") return await sendStatus(input, request, response);
  if (path === "/attempts.json") {
    return await orWhy(response, async () => {
      send(response, 200, jsonType, Buffer.from(await input.attempts(url.searchParams.get("run") ?? "")));
    });
  }
  if (path === "/choices.json") {
    if (input.actions === null) return refuseAction(response);
    return await orWhy(response, async () => {
      send(response, 200, jsonType, Buffer.from(await input.choices()));
    });
  }
  const extra = await input.extra.get(path)?.();
  if (extra === undefined) return refuse(response, 404, "absent", "There is nothing here.");
  const { status, type, text } = extra;
  send(response, status, type, Buffer.from(text));
}

/** Null for what is no path: `//` begins the name of another server. */
function urlOf(target: string): URL | null {
  return target.startsWith("//") ? null : URL.parse(target, "http://status.invalid");
}

/** Whether it was refused for lack of a token. */
function isStrange({ token, sessions }: AnswerInput, request: IncomingMessage, response: ServerResponse): boolean {
  const strange = refuseToken(request.headers, token, sessions);
  if (strange === null) return false;
  response.setHeader("WWW-Authenticate", 'Bearer realm="spotfold status"');
  refuse(response, strange.status, strange.code, strange.message);
  return true;
}

/** Refused without the flag, without the token, and what is no JSON of ours. */
async function act(
  input: AnswerInput,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (isStrange(input, request, response)) return;
  const { actions } = input;
  if (actions === null) return refuseAction(response);
  if (request.method !== "POST") {
    response.setHeader("Allow", "POST");
    return refuse(response, 405, "method", "Only POST is answered here.");
  }
  const step = path.slice("/actions/".length);
  if (step !== "plan" && step !== "run") return refuse(response, 404, "absent", "There is nothing here.");
  const body = await readBody(request);
  const asked = v.safeParse(actionSchema, body);
  if (!asked.success) {
    const what = `${fieldOf(body, v.getDotPath(asked.issues[0]))}: ${asked.issues[0].message}`;
    return refuse(response, 400, "usage", `That is no action of this page: ${what}`);
  }
  const left = new AbortController();
  response.once("close", () => left.abort());
  const act = async (): Promise<void> => {
    const done = step === "plan" ? await actions.plan(asked.output, left.signal) : await actions.run(asked.output);
    if (step === "run") input.acted();
    if (!response.destroyed) send(response, 200, jsonType, Buffer.from(JSON.stringify(done)));
  };
  await orWhy(response, act, actionStatuses);
}

function refuseAction(response: ServerResponse): void {
  refuse(response, 403, "read-only", "This server is read-only: no --allow-actions.");
}

/** By the code of what went wrong; all else is 503. */
const lookStatuses: ReadonlyMap<string, number> = new Map([["usage", 404]]);
const actionStatuses: ReadonlyMap<string, number> = new Map([
  ["usage", 400],
  // Another command runs.
  ["limit", 409],
]);

/** The page says what failed, and what to do about it, beside what it knew before. */
async function orWhy(response: ServerResponse, act: () => Promise<void>, statuses = lookStatuses): Promise<void> {
  try {
    await act();
  } catch (error) {
    const code = codeOf(error) ?? "internal";
    if (!response.destroyed)
      refuse(response, statuses.get(code) ?? 503, code, messageOf(error), hintOf(error).hint ?? null);
  }
}

async function sendStatus(input: AnswerInput, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await orWhy(response, async () => {
    const { json, gzip, etag, storeTime } = await input.latest();
    // Kept by nobody, and yet asked for by its etag: the page has it in memory.
    response.setHeader("ETag", etag);
    response.setHeader(storeTimeHeader, String(storeTime));
    response.setHeader("Vary", "Accept-Encoding");
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304).end();
      return;
    }
    const packed = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    if (packed) response.setHeader("Content-Encoding", "gzip");
    send(response, 200, jsonType, packed ? gzip : json);
  });
}

function sendAsset({ assets }: AnswerInput, name: string, response: ServerResponse): void {
  const bytes = assets.files.get(name);
  if (bytes === undefined) return refuse(response, 404, "absent", "There is no such file.");
  response.setHeader("Cache-Control", `public, max-age=${cacheSeconds}, immutable`);
  send(response, 200, contentTypeOf(name), bytes);
}

/** JSON alone: a form of another page cannot send it without asking first, and that is refused. */
async function login(
  { token, sessions }: AnswerInput,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "POST") {
    response.setHeader("Allow", "POST");
    return refuse(response, 405, "method", "Only POST is answered here.");
  }
  const body = await readBody(request);
  const given = typeof body === "object" && body !== null && "token" in body ? body.token : null;
  if (token === null || typeof given !== "string" || !isSame(given.trim(), token)) {
    return refuse(response, 401, "token", "That is not the token of this server.");
  }
  response.setHeader("Set-Cookie", sessions.begin());
  response.writeHead(204).end();
}

/** Null for what is no JSON, says that it is none, or is too long. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytesMax) return null;
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return null;
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  hint: string | null = null,
): void {
  send(response, status, jsonType, Buffer.from(`${JSON.stringify({ error: { code, message, hint } })}\n`));
}

/** Node leaves the body out of an answer to HEAD. */
function send(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Length", String(body.length));
  response.writeHead(status).end(body);
}
