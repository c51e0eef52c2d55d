/**
 * A loopback proxy between processes and their server whose rule a test may change while they run. Bodies stream through it.
 * It is the endpoint of everybody: URLs that are signed for children name it, too.
 *
 * `down` is a network that is away: connections are refused, open ones are reset. `up` listens again, on the same port.
 */
import { createServer, request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { pipeline } from "node:stream/promises";
import { atEnd } from "./cleanup.ts";
import type { Answer } from "./fault-server.ts";

export interface Call {
  /** From 1, of all calls since the proxy was made. */
  readonly number: number;
  readonly service: "s3" | "sqs";
  /** `ReceiveMessage`; `GET` and the like for S3. */
  readonly operation: string;
  /** Path and query, as sent. */
  readonly url: string;
}

export type Fate =
  | "pass"
  /** Reset before anything is forwarded. */
  | "lose-request"
  /** Forwarded; when the server has answered in full, the connection is reset instead. */
  | "lose-reply"
  /** Taken, and never answered; nothing is forwarded. */
  | "silence"
  | { readonly delayMs: number }
  /** Reset after so many bytes of the request's body. No server takes half a body: nothing is forwarded. */
  | { readonly cutRequestAfterBytes: number }
  /** Forwarded; reset after so many bytes of the answer's body. */
  | { readonly cutReplyAfterBytes: number }
  /** Forwarded; after so many bytes of the answer's body nothing more comes, and the connection stays. */
  | { readonly silentAfterBytes: number }
  /** Answered here, nothing forwarded. */
  | { readonly answer: Answer }
  /** Forwarded twice, one after the other; the second answer is passed on. */
  | "twice";

export type Rule = (call: Call) => Fate;

export const passAll: Rule = () => "pass";

export class FaultProxy {
  /** What becomes of each call from now on. */
  rule: Rule = passAll;
  readonly #target: URL;
  readonly #server: Server;
  #port = 0;
  #calls = 0;
  #faults = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      const call = callOf(++this.#calls, incoming);
      const fate = this.rule(call);
      if (fate !== "pass") this.#faults++;
      void this.#serve(incoming, outgoing, fate).catch(() => incoming.socket.resetAndDestroy());
    });
  }

  /** Closed at the end of the test, or of the run when it is made in a `before` hook. */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.up();
    atEnd(async () => await proxy.down());
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Calls that did not just pass. */
  get faults(): number {
    return this.#faults;
  }

  async up(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, fate: Fate): Promise<void> {
    const { socket } = incoming;
    if (typeof fate === "object" && "delayMs" in fate) {
      await sleep(fate.delayMs);
      await this.#pass(incoming, outgoing);
    } else if (fate === "pass") await this.#pass(incoming, outgoing);
    else if (fate === "lose-request") socket.resetAndDestroy();
    else if (fate === "silence") incoming.resume();
    else if (fate === "lose-reply") {
      const reply = await this.#forward(incoming);
      await drained(reply, Infinity);
      socket.resetAndDestroy();
    } else if (fate === "twice") {
      const body = await gathered(incoming);
      await drained(await this.#forward(incoming, body), Infinity);
      await passOn(await this.#forward(incoming, body), outgoing);
    } else if ("cutRequestAfterBytes" in fate) {
      await drained(incoming, fate.cutRequestAfterBytes);
      socket.resetAndDestroy();
    } else if ("cutReplyAfterBytes" in fate) {
      await begin(await this.#forward(incoming), outgoing, fate.cutReplyAfterBytes);
      socket.resetAndDestroy();
    } else if ("silentAfterBytes" in fate) await begin(await this.#forward(incoming), outgoing, fate.silentAfterBytes);
    else {
      await drained(incoming, Infinity);
      const { status, headers, body } = fate.answer;
      outgoing.writeHead(status, { date: new Date().toUTCString(), ...headers });
      outgoing.end(incoming.method === "HEAD" ? undefined : body);
    }
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await passOn(await this.#forward(incoming), outgoing);
  }

  /** The server's answer, its body not read yet. `body`: what was gathered; else the request's own, as it comes. */
  async #forward(incoming: IncomingMessage, body?: Buffer): Promise<IncomingMessage> {
    const { method, url, headers } = incoming;
    const { hostname, port } = this.#target;
    return await new Promise((resolve, reject) => {
      // The path as it came: a URL object would resolve its dots.
      const request = httpRequest({ hostname, port, method, path: url, headers, agent: false }, resolve);
      request.on("error", reject);
      if (body === undefined) pipeline(incoming, request).catch(reject);
      else request.end(body);
    });
  }
}

function callOf(number: number, { method = "GET", url = "/", headers }: IncomingMessage): Call {
  const target = headers["x-amz-target"];
  return typeof target === "string"
    ? { number, service: "sqs", operation: target.slice(target.indexOf(".") + 1), url }
    : { number, service: "s3", operation: method, url };
}

async function passOn(reply: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(reply.statusCode ?? 500, headersOf(reply));
  await pipeline(reply, outgoing);
}

/** Of the answer, so many bytes of the body; its end is not told. */
async function begin(reply: IncomingMessage, outgoing: ServerResponse, bytesMax: number): Promise<void> {
  outgoing.writeHead(reply.statusCode ?? 500, headersOf(reply));
  outgoing.flushHeaders();
  let bytes = 0;
  for await (const chunk of reply) {
    const part = (chunk as Buffer).subarray(0, bytesMax - bytes);
    bytes += part.length;
    await new Promise<void>((resolve) => outgoing.write(part, () => resolve()));
    if (bytes >= bytesMax) break;
  }
}

/** Of this connection: those of the next one are its own. */
function headersOf({ headers }: IncomingMessage): IncomingHttpHeaders {
  const { connection: _connection, "keep-alive": _keepAlive, ...rest } = headers;
  return rest;
}

async function drained(stream: IncomingMessage, bytesMax: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes >= bytesMax) return;
  }
}

async function gathered(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
