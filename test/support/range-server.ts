/**
 * A loopback server of a few blobs, as S3 serves them: whole or from a byte on, under If-Match, or not at all. With a
 * certificate it speaks TLS. For faults, startFaultServer (fault-server.ts) goes in front of it.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { atEnd } from "./cleanup.ts";

export interface RangeServer {
  readonly port: number;
  /** `http://127.0.0.1:port`, or https. */
  readonly endpoint: string;
}

/** Every blob has this etag. */
export const rangeEtag = "etag-1";

/** By path. Closed at the end of the test. */
export async function startRangeServer(
  blobs: Readonly<Record<string, Uint8Array>>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RangeServer> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? "/", "http://blobs").pathname;
    const bytes = request.method === "HEAD" && path.split("/").length <= 3 ? new Uint8Array() : blobs[path];
    answer(request, response, bytes);
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { port, endpoint: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}` };
}

function answer({ method, headers }: IncomingMessage, response: ServerResponse, bytes: Uint8Array | undefined): void {
  response.setHeader("date", new Date().toUTCString());
  if (bytes === undefined) return refuse(response, 404, "NoSuchKey");
  if ((headers["if-match"] ?? `"${rangeEtag}"`) !== `"${rangeEtag}"`)
    return refuse(response, 412, "PreconditionFailed");
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  if (from !== undefined && start >= bytes.length) return refuse(response, 416, "InvalidRange");
  const part = bytes.subarray(start, to === undefined || to === "" ? bytes.length : Number(to) + 1);
  response.setHeader("etag", `"${rangeEtag}"`);
  response.setHeader("content-length", part.length);
  if (from !== undefined) {
    response.setHeader("content-range", `bytes ${start}-${start + part.length - 1}/${bytes.length}`);
  }
  response.writeHead(from === undefined ? 200 : 206).end(method === "HEAD" ? undefined : part);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
