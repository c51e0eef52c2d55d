/**
 * A loopback proxy between processes and their server that notes each request: of whom, which operation, on what. Everybody's
 * endpoint is the proxy, so URLs that are signed for children lead through it, too.
 */
import { Agent, createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Counted {
  /** The access key that signed it: processes that are told apart have one each. */
  readonly who: string;
  /** `PUT`, `GET`, `HEAD`, `LIST`, `DELETE`, `POST`; of SQS its actions. */
  readonly operation: string;
  /** `bucket`, `bucket/key` (decoded), `bucket/prefix` of a list; a queue's name. */
  readonly on: string;
  /** A receive that brought no message. */
  readonly empty: boolean;
  /** When it came; monotonic, ms. */
  readonly at: number;
}

export interface CountingProxy {
  readonly endpoint: string;
  /** In the order of their answers. */
  readonly counted: readonly Counted[];
  readonly close: () => Promise<void>;
}

/** Listens until it is closed. A request that its server does not answer ends without an answer. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const counted: Counted[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    void passOn(new URL(target), agent, incoming, outgoing)
      .then((request) => counted.push(request))
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    agent.destroy();
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counted, close };
}

async function passOn(
  { hostname, port }: URL,
  agent: Agent,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Counted> {
  const { method = "GET", url: path = "/", headers } = incoming;
  const at = performance.now();
  const body = await collected(incoming);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // The path as it came: a URL object would resolve its dots.
    const forwarded = httpRequest({ hostname, port, method, path, headers, agent }, resolve);
    forwarded.on("error", reject);
    forwarded.end(body);
  });
  const answer = await collected(response);
  outgoing.writeHead(response.statusCode ?? 500, response.headers).end(answer);
  const url = new URL(path, "http://server");
  const credential = url.searchParams.get("X-Amz-Credential") ?? headers.authorization?.split("Credential=")[1] ?? "";
  const who = credential.split("/")[0] ?? "";
  const action = headers["x-amz-target"];
  if (typeof action === "string") return { who, at, ...ofSqs(action.replace("AmazonSQS.", ""), body, answer) };
  const place = decodeURIComponent(url.pathname).replace(/^\/|\/$/g, "");
  if (!url.searchParams.has("list-type")) return { who, at, operation: method, on: place, empty: false };
  return { who, at, operation: "LIST", on: `${place}/${url.searchParams.get("prefix") ?? ""}`, empty: false };
}

function ofSqs(operation: string, body: Buffer, answer: Buffer): Pick<Counted, "operation" | "on" | "empty"> {
  const { QueueUrl, QueueName = "" } = JSON.parse(body.toString()) as { QueueUrl?: string; QueueName?: string };
  const { Messages = [] } = JSON.parse(answer.toString()) as { Messages?: readonly unknown[] };
  const empty = operation === "ReceiveMessage" && Messages.length === 0;
  return { operation, on: QueueUrl?.split("/").at(-1) ?? QueueName, empty };
}

async function collected(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
