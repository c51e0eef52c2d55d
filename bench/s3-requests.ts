/**
 * The requests of a whole `spotfold run` over small blocks in a bucket: listing, the worker's and its children's, the master's, publishing.
 * Blocks, work store and what is published lie on a server that takes anybody (moto); everybody's endpoint is a proxy on loopback
 * that counts, so URLs that are signed for children lead through it, too. The queue is a file, as it is without another word.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { encodeWhole } from "../shared/codecs/encode.ts";
import { startCountingProxy } from "./counting-proxy.ts";
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
  const proxy = await startCountingProxy(endpoint);
  try {
    const [data = "", store = "", web = ""] = buckets.map((bucket) => `s3://${bucket}-${suffix}`);
    const places = ["--data", data, "--store", store, "--out", web, "--work", join(folder, "work")];
    const own = ["--queue", join(folder, "queue"), "--catalog", join(folder, "catalog")];
    const what = ["counts", "--by", "$.kind", "--layout", "{date:yyyyMMdd}/", "--records", "ndjson", "--slots", "1"];
    const command = spotfold(["run", ...what, ...places, ...own, "--json"], folder);
    const text = await outputOf(command, { ...env, AWS_ENDPOINT_URL: proxy.endpoint });
    const { covered } = (JSON.parse(text) as { blocks: { covered: number } }).blocks;
    const byKind = new Map<string, number>();
    for (const { operation, on } of proxy.counted) {
      const kind = `${operation} ${on.split("/")[0]?.replace(`-${suffix}`, "") ?? ""}`;
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    }
    return { byKind, all: proxy.counted.length, covered };
  } finally {
    await proxy.close();
  }
}

async function put(url: string, body: Uint8Array | string): Promise<void> {
  const response = await fetch(url, { method: "PUT", body: typeof body === "string" ? body : new Uint8Array(body) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} could not be written: ${response.status}`);
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
