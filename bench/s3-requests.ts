/**
 * The requests of a whole `spotfold run` over small blocks in a bucket: listing, the worker's and its children's, the master's, publishing.
 * Blocks, work store and what is published lie on a server that takes anybody (moto); everybody's endpoint is a proxy on loopback
 * that counts, so URLs that are signed for children lead through it, too. The queue is a file, as it is without another word.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { Agent, createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { encodeWhole } from "../shared/codecs/encode.ts";
import type { Command } from "./measure.ts";
import { spotfold } from "./spotfold.ts";

export interface S3Run {
  /** Of the server. */
  readonly endpoint: string;
  /** Credentials and region, for the command. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An empty folder. */
  readonly folder: string;
  readonly blocks: number;
}

export interface S3Requests {
  /** `GET blocks`, `PUT store`: how often. */
  readonly byKind: ReadonlyMap<string, number>;
  readonly all: number;
  /** Blocks that the run covered, as it says. */
  readonly covered: number;
}

const buckets = ["blocks", "store", "web"] as const;

/** One slot: how many jobs there are depends on the blocks alone. */
export async function requestsOfRun({ endpoint, env, folder, blocks }: S3Run): Promise<S3Requests> {
  mkdirSync(folder, { recursive: true });
  const suffix = `${process.pid}-${Date.now()}`;
  for (const bucket of buckets) await put(`${endpoint}/${bucket}-${suffix}`, "");
  const key = (index: number): string => `20260101/${String(index).padStart(6, "0")}.ndjson.gz`;
  const block = encodeWhole("a.gz", Buffer.from('{"kind":"a"}\n{"kind":"b"}\n'));
  for (let index = 0; index < blocks; index++) await put(`${endpoint}/blocks-${suffix}/${key(index)}`, block);
  const byKind = new Map<string, number>();
  const proxy = await countingProxy(endpoint, (method, url) => {
    const bucket = url.pathname.split("/")[1]?.replace(`-${suffix}`, "") ?? "";
    const kind = `${url.searchParams.has("list-type") ? "LIST" : method} ${bucket}`;
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  });
  try {
    const [data = "", store = "", web = ""] = buckets.map((bucket) => `s3://${bucket}-${suffix}`);
    const places = ["--data", data, "--store", store, "--out", web, "--work", join(folder, "work")];
    const own = ["--queue", join(folder, "queue"), "--catalog", join(folder, "catalog")];
    const what = ["counts", "--by", "$.kind", "--layout", "{date:yyyyMMdd}/", "--records", "ndjson", "--slots", "1"];
    const command = spotfold(["run", ...what, ...places, ...own, "--json"], folder);
    const text = await outputOf(command, { ...env, AWS_ENDPOINT_URL: proxy.endpoint });
    const { covered } = (JSON.parse(text) as { blocks: { covered: number } }).blocks;
    return { byKind, all: [...byKind.values()].reduce((sum, times) => sum + times, 0), covered };
  } finally {
    proxy.close();
  }
}

async function put(url: string, body: Uint8Array | string): Promise<void> {
  const response = await fetch(url, { method: "PUT", body: typeof body === "string" ? body : new Uint8Array(body) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} could not be written: ${response.status}`);
}

/** Tells of each request when it comes. */
async function countingProxy(
  target: string,
  count: (method: string, url: URL) => void,
): Promise<{ readonly endpoint: string; readonly close: () => void }> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const passOn = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url: path = "/", headers } = incoming;
    count(method, new URL(path, target));
    // The path as it came: a URL object would resolve its dots.
    const forwarded = httpRequest({ hostname, port, method, path, headers, agent });
    const answered = once(forwarded, "response") as Promise<[IncomingMessage]>;
    await pipeline(incoming, forwarded);
    const [response] = await answered;
    outgoing.writeHead(response.statusCode ?? 500, response.headers);
    await pipeline(response, outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    passOn(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** What the command prints. Throws, with what it says, when it fails. */
async function outputOf({ file, args, cwd }: Command, env: S3Run["env"]): Promise<string> {
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = ["", ""];
  for (const [index, stream] of [child.stdout, child.stderr].entries())
    stream.on("data", (chunk: Buffer) => (texts[index] += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`spotfold run ended with ${code ?? "a signal"}: ${texts[1] ?? ""}`);
  return texts[0] ?? "";
}
