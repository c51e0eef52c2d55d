/**
 * Answers one request for published files. GET and HEAD only; what is not published is 404, whatever it is, and 403 where this
 * machine was called by a name that is not its own (hosts.ts).
 *
 *   /                          the aggregate's page, or the one that lists aggregates (index-page.ts)
 *   /<aggregate>/              its page, index.html; without the slash: sent there
 *   /[<aggregate>/]<pointer>   no-cache, asked for again each time; 304 when its etag is the same
 *   /[<aggregate>/]<folder>/…  immutable
 *
 * Files are sent as they stand when they are opened: a pointer is swapped by giving another file its name, so what is open
 * stays whole. Text is compressed on the way for those who ask for it.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants as zlib, createBrotliCompress, createGzip } from "node:zlib";
import { contentTypeOf } from "../../shared/content-types.ts";
import { allowFrames } from "./frames.ts";
import { isOwnHost } from "./hosts.ts";
import { indexPage, indexPagePolicy } from "./index-page.ts";
import { pageName, segmentsOf, type PublishedFile, type PublishedFolder } from "./published.ts";

const compressible = /^(?:text\/|application\/(?:json|x-ndjson)|image\/svg)/;
/** Smaller ones fit a packet as they are. */
const compressedBytesMin = 1_400;
/** Fast: what is served is served once or twice, on this machine mostly. */
const brotliQuality = 4;
const gzipLevel = 4;
/** A year, which is the longest that anybody keeps. */
const cacheSeconds = 31_536_000;

/** On every answer. Pages of other origins read nothing; nothing published may act on anybody's behalf. */
const headersAlways = {
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;
/** Published files are data; a page among them may use what is published beside it, and pictures that it makes itself. */
const filePolicy =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export interface AnswerOptions {
  /** What the server was bound to. */
  readonly host: string;
  /** Origins whose pages may show a published page in a frame, besides the server's own. */
  readonly frameOrigins: readonly string[];
}

/** Rejects when the file fails to be read; the caller ends the connection then. */
export async function answer(
  folder: PublishedFolder,
  { host, frameOrigins }: AnswerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(headersAlways)) response.setHeader(name, value);
  if (!isOwnHost(request.headers.host, host)) {
    sendText(
      response,
      403,
      "This server answers to localhost, 127.0.0.1, [::1] and the host that it was given alone.\n",
    );
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    sendText(response, 405, "Only GET and HEAD are answered.\n");
    return;
  }
  const path = (request.url ?? "").split(/[?#]/, 1)[0] ?? "";
  const segments = segmentsOf(path.endsWith("/") ? path + pageName : path);
  const file = segments === null ? null : await folder.file(segments);
  const handle = file === null ? null : await openFile(file);
  if (file === null || handle === null) {
    await answerWithoutFile(folder, path, segments ?? [], response);
    return;
  }
  try {
    if (basename(file.path) === pageName) allowFrames(response, filePolicy, frameOrigins);
    else response.setHeader("Content-Security-Policy", `${filePolicy}; frame-ancestors 'none'`);
    await sendFile(file, handle, request, response);
  } finally {
    await handle.close();
  }
}

/** The list of aggregates; the address of one, with the slash that its page's links need; or that there is nothing. */
async function answerWithoutFile(
  folder: PublishedFolder,
  path: string,
  segments: readonly string[],
  response: ServerResponse,
): Promise<void> {
  if (path === "/") {
    response.setHeader("Content-Security-Policy", indexPagePolicy);
    response.setHeader("Cache-Control", "no-cache");
    sendText(response, 200, indexPage(await folder.aggregates()), contentTypeOf("index.html"));
    return;
  }
  const [segment, ...deeper] = segments;
  if (segment !== undefined && deeper.length === 0 && (await folder.file([segment, pageName])) !== null) {
    response.setHeader("Location", `/${encodeURIComponent(segment)}/`);
    sendText(response, 308, "It is at the same address with a slash behind it.\n");
    return;
  }
  sendText(response, 404, "Not found.\n");
}

/** Null when it is gone, or no plain file. */
async function openFile({ path }: PublishedFile): Promise<FileHandle | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return await open(path, flags).catch(() => null);
}

async function sendFile(
  { path, cached }: PublishedFile,
  handle: FileHandle,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) {
    sendText(response, 404, "Not found.\n");
    return;
  }
  const type = contentTypeOf(path);
  const mayCompress = compressible.test(type) && stats.size >= compressedBytesMin;
  const encoding = mayCompress ? encodingFor(request.headers["accept-encoding"]) : undefined;
  const etag = `"${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}${encoding === undefined ? "" : `-${encoding}`}"`;
  response.setHeader("Cache-Control", cached === "never" ? "no-cache" : `public, max-age=${cacheSeconds}, immutable`);
  response.setHeader("ETag", etag);
  if (mayCompress) response.setHeader("Vary", "Accept-Encoding");
  if (isKnown(request.headers["if-none-match"], etag)) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader("Content-Type", type);
  if (encoding === undefined) response.setHeader("Content-Length", String(stats.size));
  else response.setHeader("Content-Encoding", encoding);
  response.writeHead(200);
  if (request.method === "HEAD" || stats.size === 0n) {
    response.end();
    return;
  }
  // As many bytes as were promised, should somebody be writing there. Destroyed with the answer, it closes the file.
  const body = handle.createReadStream({ end: Number(stats.size) - 1 });
  await (encoding === undefined ? pipeline(body, response) : pipeline(body, compressor(encoding), response));
}

type Encoding = "br" | "gzip";

function compressor(encoding: Encoding): NodeJS.ReadWriteStream {
  if (encoding === "gzip") return createGzip({ level: gzipLevel });
  return createBrotliCompress({ params: { [zlib.BROTLI_PARAM_QUALITY]: brotliQuality } });
}

/** The one we like best of those that are accepted. */
function encodingFor(header: string | string[] | undefined): Encoding | undefined {
  const accepted = new Map<string, boolean>();
  for (const item of String(header ?? "").split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    accepted.set(name, !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)));
  }
  return (["br", "gzip"] as const).find((encoding) => accepted.get(encoding) === true);
}

/** Weak comparison, as RFC 9110 asks for: a `W/` that a proxy put before it means nothing here. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === etag);
}

function sendText(response: ServerResponse, status: number, text: string, type = contentTypeOf("words.txt")): void {
  if (!response.hasHeader("Content-Security-Policy")) {
    response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  }
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Length", Buffer.byteLength(text));
  // Node leaves the body out of an answer to HEAD.
  response.writeHead(status).end(text);
}
