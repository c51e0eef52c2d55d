/**
 * A loopback proxy between processes and a server of AWS's that asks a policy of each request, as IAM does: who may do which
 * action on which resource. Servers of tests let everybody do everything; this is how policies that are written down are held
 * to what the code really asks for.
 */
import { Agent, createServer, request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { atEnd } from "./cleanup.ts";

/** As policies name them: `s3:GetObject` on `arn:aws:s3:::bucket/key`. */
export interface Ask {
  /** The access key that signed. */
  readonly who: string;
  readonly action: string;
  readonly resource: string;
}

export interface PolicedProxy {
  readonly endpoint: string;
  readonly asked: readonly Ask[];
  readonly refused: readonly Ask[];
}

export interface Statement {
  readonly Effect: "Allow";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** Whether a policy of Allow statements allows it; `*` in a resource stands for anything. */
export function allows(statements: readonly Statement[], { action, resource }: Omit<Ask, "who">): boolean {
  const fits = (pattern: string): boolean => {
    const text = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*");
    return new RegExp(`^${text}$`, "s").test(resource);
  };
  return statements.some(
    ({ Action: actions, Resource: resources }) => [actions].flat().includes(action) && [resources].flat().some(fits),
  );
}

/** Closed at the end of the test. A request is refused when any of what it asks for is. */
export async function startPolicedProxy(
  target: string,
  isAllowed: (ask: Ask) => boolean,
  region: string,
): Promise<PolicedProxy> {
  const asked: Ask[] = [];
  const refused: Ask[] = [];
  const agent = new Agent({ keepAlive: true });
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await collected(incoming);
    const { method = "GET", url = "/", headers } = incoming;
    const asks = asksOf(method, url, headers, body.toString(), region);
    asked.push(...asks);
    const not = asks.find((ask) => !isAllowed(ask));
    if (not !== undefined) {
      refused.push(not);
      refuse(outgoing, not, headers);
      return;
    }
    const { hostname, port } = new URL(target);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const forwarded = httpRequest({ hostname, port, method, path: url, headers, agent }, resolve);
      forwarded.on("error", reject);
      forwarded.end(body);
    });
    outgoing.writeHead(response.statusCode ?? 500, response.headers);
    response.pipe(outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    agent.destroy();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, refused };
}

function asksOf(method: string, path: string, headers: IncomingHttpHeaders, body: string, region: string): Ask[] {
  const url = new URL(path, "http://server");
  const credential = url.searchParams.get("X-Amz-Credential") ?? headers.authorization?.split("Credential=")[1] ?? "";
  const who = credential.split("/")[0] ?? "";
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    const { QueueUrl = "", QueueName } = JSON.parse(body) as { QueueUrl?: string; QueueName?: string };
    const [name = "", account = "123456789012"] =
      QueueName === undefined ? new URL(QueueUrl).pathname.split("/").toReversed() : [QueueName];
    const action = `sqs:${target.replace("AmazonSQS.", "").replace("Batch", "")}`;
    return [{ who, action, resource: `arn:aws:sqs:${region}:${account}:${name}` }];
  }
  const [bucket = "", ...rest] = decodeURIComponent(url.pathname).replace(/^\//, "").split("/");
  const key = rest.join("/");
  const arn = `arn:aws:s3:::${bucket}`;
  if (url.searchParams.has("delete")) {
    const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? "");
    return keys.map((deleted) => ({ who, action: "s3:DeleteObject", resource: `${arn}/${deleted}` }));
  }
  if (key === "") return [{ who, action: bucketAction(method, url.searchParams), resource: arn }];
  return [{ who, action: objectAction(method, url.searchParams), resource: `${arn}/${key}` }];
}

const bucketActions: readonly (readonly [parameter: string, name: string])[] = [
  ["lifecycle", "LifecycleConfiguration"],
  ["cors", "BucketCORS"],
  ["policy", "BucketPolicy"],
  ["publicAccessBlock", "BucketPublicAccessBlock"],
];

function bucketAction(method: string, parameters: URLSearchParams): string {
  const [, name] = bucketActions.find(([parameter]) => parameters.has(parameter)) ?? [];
  if (name !== undefined) return `s3:${method === "PUT" ? "Put" : "Get"}${name}`;
  return method === "PUT" ? "s3:CreateBucket" : "s3:ListBucket";
}

function objectAction(method: string, parameters: URLSearchParams): string {
  if (method === "GET" || method === "HEAD") return "s3:GetObject";
  if (method !== "DELETE") return "s3:PutObject";
  return parameters.has("uploadId") ? "s3:AbortMultipartUpload" : "s3:DeleteObject";
}

function refuse(outgoing: ServerResponse, { who, action, resource }: Ask, headers: IncomingHttpHeaders): void {
  const message = `User: ${who} is not authorized to perform: ${action} on resource: ${resource}`;
  const date = new Date().toUTCString();
  if (headers["x-amz-target"] === undefined) {
    outgoing.writeHead(403, { date, "content-type": "application/xml" });
    outgoing.end(`<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`);
    return;
  }
  outgoing.writeHead(400, { date, "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", message }));
}

async function collected(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
