/**
 * The n-th call to S3 or SQS, of any operation, fails once, for every n: a master and a worker in this process, on moto, with
 * the children's part as in the simulator. Whatever call it is, the published bytes are the undisturbed ones.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import pLimit from "p-limit";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import type { MasterContext, PartitionedBlock } from "../../master/context.ts";
import { Master } from "../../master/master.ts";
import { sqsClientConfig } from "../../shared/aws/client.ts";
import type { S3BlobStore } from "../../shared/aws/store.ts";
import type { SqsJobQueue } from "../../shared/aws/sqs/queue.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import { Worker } from "../../worker/worker.ts";
import type { WorkerContext } from "../../worker/context.ts";
import { workerRules } from "../../worker/rules.ts";
import { specOf } from "../master/setting.ts";
import { loaded, simPage } from "../sim/data.ts";
import { SimExecutors } from "../sim/executors.ts";
import type { SimProcess } from "../sim/process.ts";
import { SimRunner } from "../sim/runner.ts";
import { FaultProxy, passAll, type Fate } from "../support/fault-proxy.ts";
import { startMoto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient, sqsQueue } from "../support/sqs.ts";

const calls = 60;
/** A round takes about a second, most of it waiting. */
const sparse = 10;
const roundsAtOnce = 4;
const aggregate = "agg";
const blocks = 2;
const records = [
  { k: "a", n: 1 },
  { k: "b", n: 20 },
];

/** Passes of a master that fail are tried again, as its loops do; leases that nobody knows of run out meanwhile. */
const roundMsMax = 30_000;
const restMs = 20;
const readyMs = 1_000;

/** Nothing but what was asked for happens in it: the simulator's children in real time. */
const still = {
  call: async (_: string, act: () => unknown) => act(),
  clock: { sleep: async () => {}, monotonic: () => performance.now() },
  kernel: { rng: { latency: () => 0, chance: () => false } },
  weather: { stormy: false },
} as unknown as SimProcess;

const timing = { foldMs: 50, publishMs: 50, compactMs: 1, collectMs: 1, resendMs: 500, statusMs: 5_000 };
const bundle = { sha256: "0".repeat(64), path: "bundle", params: {}, inputs: [] };

interface Places {
  readonly store: S3BlobStore;
  readonly web: S3BlobStore;
  readonly data: S3BlobStore;
  readonly jobs: SqsJobQueue;
  readonly ready: SqsJobQueue;
}

async function blocksOf(data: S3BlobStore): Promise<PartitionedBlock[]> {
  const found: PartitionedBlock[] = [];
  for await (const page of data.list("")) {
    found.push(
      ...page.blobs.map(({ key, size, etag }) => ({ key, size, etag, dimensions: {}, partition: key.slice(0, 1) })),
    );
  }
  return found;
}

function masterOf({ store, web, data, jobs, ready }: Places): Master {
  const executors = new SimExecutors(still, loaded);
  const context: MasterContext = {
    id: "master",
    store,
    web,
    jobs,
    ready,
    dead: null,
    ledger: new Ledger(store, systemRandom),
    rules: ledgerRules,
    executors,
    blocksOf: async () => await blocksOf(data),
    bundleOf: async () => bundle,
    page: async () => simPage,
    readFile: (path) => executors.readFile(path),
    liveSlots: async () => 1,
    timing: { ...timing, retainMs: 60_000, standbyMs: 100, scale: 0.01 },
    clock: systemClock,
    random: systemRandom,
    log: () => {},
  };
  return new Master(context, { only: aggregate, placeOf: () => ({ aggregate, prefix: "" }) });
}

function workerOf({ store, data, jobs, ready }: Places): Worker {
  const runner = new SimRunner({ process: still, data, loaded, work: { executed: new Map() } });
  const context: WorkerContext = {
    id: "worker",
    slots: 2,
    store,
    data: async () => data,
    jobs,
    ready,
    runner,
    bundles: { fetch: async () => bundle },
    dimensionsOf: () => ({}),
    readFile: (path) => runner.readFile(path),
    rules: workerRules,
    limits: {
      heapBytesMax: 1,
      rssBytesMax: 1,
      stallMs: 60_000,
      attemptMs: 60_000,
      checkpointStateBytes: 1_000_000,
      checkpointMs: 60_000,
    },
    // A receive whose answer is lost takes messages along until their lease ends.
    timing: { leaseMs: 2_000, heartbeatMs: 500, waitMs: 500, statusMs: timing.statusMs, handOnMs: 1_000, scale: 0.01 },
    clock: systemClock,
    random: systemRandom,
    log: () => {},
  };
  return new Worker(context);
}

describe("over S3 and SQS, in one process", function nthCalls() {
  needs("moto");
  this.timeout(300_000);
  let moto: string;
  let bucket: string;
  let expected: string;
  let rounds = 0;
  const closing: Promise<void>[] = [];

  before(async () => {
    const started = await startMoto();
    moto = started.endpoint;
    useMotoCredentials(started);
    bucket = await newBucket(moto);
    const data = await openS3(moto, `${bucket}/data`);
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    for (let i = 0; i < blocks; i++) await data.put(`${i % 2}/block${i}.json`, Buffer.from(text));
    const undisturbed = await round(0, "pass", 3);
    expected = undisturbed.published;
    console.log(`      ${undisturbed.calls} calls undisturbed`);
    assert.match(expected, new RegExp(`^sum\\ta\\t${blocks}\nsum\\tb\\t${20 * blocks}\n`, "m"));
  });

  after(async () => {
    await Promise.all(closing);
  });

  async function placesOf(proxy: FaultProxy, attemptsMax: number): Promise<Places> {
    const name = `round-${++rounds}`;
    const aws = { attemptsMax };
    const client = new SQSClient({
      ...sqsClientConfig({ sqsEndpoint: proxy.endpoint, region: "us-east-1", ...aws }),
      useQueueUrlAsEndpoint: false,
    });
    const queue = async (end: string): Promise<SqsJobQueue> =>
      sqsQueue({ client, url: await createQueue(sqsClient(moto), `${name}-${end}`) });
    const store = async (end: string): Promise<S3BlobStore> =>
      await openS3(proxy.endpoint, `${bucket}/${end}`, { aws });
    const [jobs, ready] = await Promise.all([queue("jobs"), queue("ready")]);
    const [runs, web, data] = await Promise.all([store(name), store(`${name}-web`), store("data")]);
    return { store: runs, web, data, jobs, ready };
  }

  /** A run from its submission to its publication, in which the n-th call meets `fate`. */
  async function round(n: number, fate: Fate, attemptsMax: number): Promise<{ published: string; calls: number }> {
    const proxy = await FaultProxy.start(moto);
    const places = await placesOf(proxy, attemptsMax);
    const { store, jobs, ready } = places;
    const first = proxy.calls;
    proxy.rule = ({ number }) => (number === first + n ? fate : "pass");
    const spec = specOf("r1", { aggregate });
    await again(async () => await store.create(runKey(spec.run), encodeStored(spec)));
    await again(async () => await store.put(inboxKey(spec.run), Buffer.from("{}")));
    const master = masterOf(places);
    const worker = workerOf(places);
    const working = worker.run();
    const ledger = new Ledger(store, systemRandom);
    await again(async () => {
      for (;;) {
        if (await master.work()) continue;
        const { manifest } = await ledger.read(aggregate);
        if (manifest?.closed.length === 1) break;
        await master.waitForReady(readyMs);
      }
      await master.publish(true);
    });
    const took = proxy.calls - first;
    proxy.rule = passAll;
    worker.drain("the round is over");
    assert.deepEqual(await working, { how: "drained" });
    closing.push(jobs.close(), ready.close());
    return { published: await readWeb(places.web), calls: took };
  }

  /** No call is tried again by the SDK: what fails meets us. */
  for (const [what, fate, every] of [
    ["a reply that is lost after the effect", "lose-reply", 1],
    ["a connection that is reset before", "lose-request", sparse],
  ] as const) {
    const each = every === 1 ? "each" : `each ${every}th`;
    it(`${what}: the undisturbed bytes, for ${each} of the first ${calls} calls`, async () => {
      await eachNth(every, async (n) => {
        const { published, calls: took } = await round(n, fate, 1);
        assert.equal(published, expected, `call ${n}`);
        assert.ok(took >= n, `call ${n} of ${took}`);
      });
    });
  }

  it("calls that the SDK tries again, and that took effect before: the undisturbed bytes", async () => {
    await eachNth(sparse, async (n) => {
      const { published } = await round(n, "lose-reply", 3);
      assert.equal(published, expected, `call ${n}`);
    });
  });
});

async function eachNth(every: number, act: (n: number) => Promise<void>): Promise<void> {
  const limit = pLimit(roundsAtOnce);
  const numbers = Array.from({ length: Math.floor(calls / every) }, (_, i) => (i + 1) * every);
  await Promise.all(numbers.map((n) => limit(async () => await act(n))));
}

async function again<T>(act: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + roundMsMax; ;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(restMs);
    }
  }
}

/** All that the pointer names, and what is said of it, without what differs from run to run. */
async function readWeb(web: S3BlobStore): Promise<string> {
  const textOf = async (key: string): Promise<string> => {
    const blob = await readAll(web, key);
    assert.ok(blob !== null, key);
    return Buffer.from(blob.bytes).toString();
  };
  const pointers = JSON.parse(await textOf("versions.json")) as Record<string, string>;
  const units = await Promise.all(
    Object.entries(pointers)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(async ([label, folder]) => `${label}\n${await textOf(`${folder}/data.tsv`)}`),
  );
  const { blocks: counts, missing } = JSON.parse(await textOf("coverage.json")) as Record<string, unknown>;
  return `${units.join("\n")}${JSON.stringify({ counts, missing })}`;
}
