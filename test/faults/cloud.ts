/**
 * What tests with real processes over S3 and SQS share: a moto server, a fault proxy in front of it as everybody's endpoint,
 * and sites: a folder, buckets and queues of its own. The test itself goes past the proxy.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3BlobStore } from "../../shared/aws/store.ts";
import { messageOf } from "../../shared/errors.ts";
import { readAll } from "../../shared/read-all.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import type { Started } from "../support/processes.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { readPublished, type Published } from "./published.ts";
import { shortTimes, Site } from "./site.ts";

/** Masters publish after the run has ended; under faults they try again, with back-off. */
const publishMsMax = 180_000;
const lookMs = 200;
const drainMsMax = 120_000;

/** The dataset's name here and in the cloud, so that even coverage.json is the same. */
export const datasetName = "pings";

let sites = 0;

export class Cloud {
  readonly moto: Moto;
  readonly proxy: FaultProxy;

  private constructor(moto: Moto, proxy: FaultProxy) {
    this.moto = moto;
    this.proxy = proxy;
  }

  /** In a `before` hook. */
  static async start(): Promise<Cloud> {
    const moto = await startMoto();
    useMotoCredentials(moto);
    return new Cloud(moto, await FaultProxy.start(moto.endpoint));
  }

  /** Puts a folder of blocks into a bucket of its own; answers the dataset's place. */
  async upload(folder: string): Promise<string> {
    const place = await newBucket(this.moto.endpoint);
    const bucket = await openS3(this.moto.endpoint, place);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) await bucket.put(`pings/${relative(folder, path)}`, readFileSync(path));
    }
    return `${place}/pings`;
  }

  /** `times`: what is set beside the usual short ones. */
  async site(data: string, times: Readonly<Record<string, string>> = {}): Promise<CloudSite> {
    const queue = `fold-${process.pid}-${++sites}`;
    const queues = await Promise.all(
      ["jobs", "ready"].map(async (end) => await createQueue(sqsClient(this.moto.endpoint), `${queue}-${end}`)),
    );
    const [store, web] = [await newBucket(this.moto.endpoint), await newBucket(this.moto.endpoint)];
    const env = {
      ...shortTimes,
      ...this.moto.env,
      AWS_ENDPOINT_URL: this.proxy.endpoint,
      SPOTFOLD_STORE: `${store}/runs`,
      SPOTFOLD_WEB: `${web}/site`,
      SPOTFOLD_QUEUE: `sqs://${queue}`,
      ...times,
    };
    const folder = tempDir("cloud");
    writeDataset(folder, data);
    return new CloudSite({ folder, env, endpoint: this.moto.endpoint, queues });
  }
}

/** The dataset in the configuration of a folder. */
export function writeDataset(folder: string, place: string): void {
  writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets: { [datasetName]: { place } } }));
}

interface CloudSiteParts {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Moto's own. */
  readonly endpoint: string;
  /** URLs: jobs, ready. */
  readonly queues: readonly string[];
}

export class CloudSite extends Site {
  readonly #parts: CloudSiteParts;
  #web: Promise<S3BlobStore> | null = null;

  constructor(parts: CloudSiteParts) {
    super(parts.folder, parts.env);
    this.#parts = parts;
  }

  /** The same site through other variables. */
  as(env: Readonly<Record<string, string>>): Site {
    return new Site(this.#parts.folder, { ...this.#parts.env, ...env });
  }

  get env(): Readonly<Record<string, string>> {
    return this.#parts.env;
  }

  /** URLs: jobs, ready. */
  get queues(): readonly string[] {
    return this.#parts.queues;
  }

  /** The work store, past the proxy. */
  async store(): Promise<S3BlobStore> {
    return await openS3(this.#parts.endpoint, this.env["SPOTFOLD_STORE"] ?? "");
  }

  /** Everything is covered, published and whole: what is published then. Masters must be at work. */
  async published(aggregate: string, blocks: number, waitMs: number = publishMsMax): Promise<Published> {
    this.#web ??= openS3(this.#parts.endpoint, this.env["SPOTFOLD_WEB"] ?? "", { published: true });
    const web = await this.#web;
    let last: unknown = new Error("nothing is published");
    for (const until = performance.now() + waitMs; performance.now() < until; await sleep(lookMs)) {
      const covered = await coveredIn(web, `${aggregate}/coverage.json`);
      if (covered !== blocks) {
        last = new Error(`${covered} of ${blocks} blocks are in what is published`);
        continue;
      }
      const folder = tempDir("cloud-web");
      await download(web, `${aggregate}/`, folder);
      try {
        return readPublished(folder);
      } catch (error) {
        // A master that publishes once more swaps one pointer after the other.
        last = error;
      }
    }
    throw new Error(`not published within ${waitMs} ms`, { cause: last });
  }
}

async function coveredIn(web: S3BlobStore, key: string): Promise<number | null> {
  const blob = await readAll(web, key);
  if (blob === null) return null;
  return (JSON.parse(Buffer.from(blob.bytes).toString()) as { blocks: { covered: number } }).blocks.covered;
}

/** What is below `from` in the store, as files. */
async function download(store: S3BlobStore, from: string, folder: string): Promise<void> {
  for await (const page of store.list(from)) {
    await Promise.all(
      page.blobs.map(async ({ key }) => {
        const path = join(folder, key.slice(from.length));
        mkdirSync(dirname(path), { recursive: true });
        const blob = await readAll(store, key);
        assert.ok(blob !== null);
        writeFileSync(path, blob.bytes);
      }),
    );
  }
}

/** As it would be published under another aggregate's name. */
export function renamed(published: Published, aggregate: string): Published {
  return { ...published, coverage: Object.assign({}, published.coverage, { aggregate }) };
}

const logCharsShown = 3_000;

/** A failure of `act` shows the end of each daemon's log. */
export async function withLogs<T>(daemons: readonly Started[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const logs = daemons.map((daemon) => daemon.stderr().slice(-logCharsShown));
    throw new Error(`${messageOf(error)}\n${logs.join("\n--- the next daemon\n")}`, { cause: error });
  }
}

/** All drain, with exit code 0. */
export async function drain(daemons: readonly Started[]): Promise<void> {
  for (const daemon of daemons) daemon.kill("SIGTERM");
  for (const daemon of daemons) {
    const end = await daemon.waitForEnd(drainMsMax);
    assert.equal(end.code, 0, end.stderr.slice(-4_000));
  }
}
