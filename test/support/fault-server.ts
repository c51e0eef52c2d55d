/**
 * A loopback HTTP server between a client and its server, or instead of it: the test says for each request what becomes of it.
 * For lost replies after the effect, bodies that are cut in the middle, answers as AWS gives them.
 */
import { createServer, request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { atEnd } from "./cleanup.ts";

export interface Asked {
  /** From 1. */
  readonly number: number;
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Fate =
  /** Forwarded, and its answer passed on. */
  | "pass"
  /** The connection is reset before anything is forwarded. */
  | "lose-request"
  /** Forwarded; when the server has answered in full, the connection is reset instead. */
  | "lose-reply"
  /** No answer at all, and nothing forwarded. */
  | "silence"
  /** Forwarded; the answer is cut after so many bytes of its body, once `meanwhile` is done. */
  | { readonly cutAfterBytes: number; readonly meanwhile?: () => Promise<void> }
  /** Forwarded; after so many bytes of its body nothing more comes, and the connection stays. */
  | { readonly silentAfterBytes: number }
  /** Answered here. `effect`: forwarded first, and its real answer thrown away. */
  | { readonly answer: Answer; readonly effect?: true };

export interface FaultServer {
  readonly endpoint: string;
  readonly asked: readonly Asked[];
}

/** `target` may be empty when no fate forwards. Closed at the end of the test. */
export async function startFaultServer(target: string, fateOf: (asked: Asked) => Fate): Promise<FaultServer> {
  const all: Asked[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    const asked = { number: all.length + 1, method, url, headers };
    all.push(asked);
    void answer(target, incoming, outgoing, fateOf(asked)).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: all };
}

async function answer(target: string, incoming: IncomingMessage, outgoing: ServerResponse, fate: Fate): Promise<void> {
  const body = await collected(incoming);
  if (fate === "silence") return;
  if (fate === "lose-request") {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (typeof fate === "object" && "answer" in fate) {
    if (fate.effect === true) await forwarded(target, incoming, body);
    outgoing.writeHead(fate.answer.status, { date: new Date().toUTCString(), ...fate.answer.headers });
    outgoing.end(incoming.method === "HEAD" ? undefined : fate.answer.body);
    return;
  }
  const real = await forwarded(target, incoming, body);
  if (fate === "lose-reply") {
    incoming.socket.resetAndDestroy();
    return;
  }
  outgoing.writeHead(real.status, real.headers);
  if (fate === "pass") {
    outgoing.end(real.body);
    return;
  }
  if ("silentAfterBytes" in fate) {
    outgoing.write(real.body.subarray(0, fate.silentAfterBytes));
    return;
  }
  await new Promise<void>((resolve) => outgoing.write(real.body.subarray(0, fate.cutAfterBytes), () => resolve()));
  await fate.meanwhile?.();
  incoming.socket.destroy();
}

async function collected(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function forwarded(
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // The path as it came: a URL object would resolve its dots.
    const { hostname, port } = new URL(target);
    const outgoing = httpRequest({ hostname, port, method, path: url, headers, agent: false }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  return { status: response.statusCode ?? 500, headers: response.headers, body: await collected(response) };
}
