/**
 * The SDK's way to a server, with an eye on the answers' bodies. The SDK bounds the time until an answer begins, and then reads
 * its body for as long as it takes: on a connection that lost its other end in the middle of a list or of a batch's answer, a
 * call would never return. Here such a body fails when nothing came for a while, as a time-out, which the SDK tries again.
 *
 * Not the bodies of GetObject: those are handed on to readers who may pause, and reading.ts watches them.
 */
import type { IncomingMessage } from "node:http";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { NodeHttpHandlerOptions } from "@smithy/node-http-handler";

/** How the SDK marks the one operation whose body it does not read itself. */
const handedOn = "GetObject";

type Handled = ReturnType<NodeHttpHandler["handle"]>;

export class WatchedHandler extends NodeHttpHandler {
  readonly #silentMs: number;

  constructor(options: NodeHttpHandlerOptions, silentMs: number) {
    super(options);
    this.#silentMs = silentMs;
  }

  override async handle(...[request, options]: Parameters<NodeHttpHandler["handle"]>): Handled {
    const handled = await super.handle(request, options);
    const body: unknown = handled.response.body;
    if (request.query["x-id"] !== handedOn && isAnswer(body)) watch(body, this.#silentMs);
    return handled;
  }
}

function isAnswer(body: unknown): body is IncomingMessage {
  return typeof body === "object" && body !== null && "socket" in body && "destroy" in body;
}

function watch(body: IncomingMessage, silentMs: number): void {
  const { socket } = body;
  if (body.complete) return;
  const silent = (): void => {
    if (body.complete) return;
    const error = new Error(`No byte of the answer came for ${silentMs / 1_000} s.`);
    body.destroy(Object.assign(error, { name: "TimeoutError" }));
  };
  socket.setTimeout(silentMs, silent);
  // The socket is used again for other requests, which have bounds of their own.
  body.once("close", () => {
    socket.setTimeout(0);
    socket.off("timeout", silent);
  });
}
