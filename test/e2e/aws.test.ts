/** Data, store and web in buckets, queues of SQS, on moto: real processes, and the same bytes as in folders. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SampleResult } from "../../cli/sample/make.ts";
import type { S3BlobStore } from "../../shared/aws/store.ts";
import { readAll } from "../../shared/read-all.ts";
import { asBrowser } from "../support/as-browser.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { jsonOf, publishedBytes, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

const blocks = 12;
const publishMsMax = 120_000;

/** What is below `from` in the published store, as files: as browsers get them, which is also what reading them gives. */
async function download(store: S3BlobStore, from: string, folder: string): Promise<void> {
  for await (const page of store.list(from)) {
    for (const { key } of page.blobs) {
      const path = join(folder, key.slice(from.length));
      mkdirSync(dirname(path), { recursive: true });
      const { headers, content } = await asBrowser(store, key);
      const isNamed = key.endsWith("/latest.json") || key.endsWith("/coverage.json");
      assert.equal(headers["cache-control"], isNamed ? "no-cache" : "public, max-age=31536000, immutable", key);
      assert.match(headers["content-type"] ?? "", /^application\/(json|x-ndjson); charset=utf-8$/, key);
      assert.equal(headers["content-encoding"], "gzip", key);
      const blob = await readAll(store, key);
      assert.ok(blob !== null && content.equals(blob.bytes), key);
      writeFileSync(path, content);
    }
  }
}

/** All blocks, in the last snapshot: masters publish what they have, again and again. */
async function untilPublished(store: S3BlobStore, key: string): Promise<void> {
  for (const until = performance.now() + publishMsMax; performance.now() < until; await sleep(200)) {
    const blob = await readAll(store, key);
    if (blob === null) continue;
    const { blocks: counts } = JSON.parse(Buffer.from(blob.bytes).toString()) as { blocks: { covered: number } };
    if (counts.covered === blocks) return;
  }
  throw new Error(`not published within ${publishMsMax} ms`);
}

describe("spotfold over S3 and SQS", function awsSuite() {
  needs("moto");
  this.timeout(400_000);

  let moto: Moto;
  let sample: SampleResult;
  /** In this folder, with the same dataset configured by the same name, so that even coverage.json is the same. */
  let config: (place: string) => string;
  let env: Record<string, string>;
  let queues = 0;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
    sample = await smallSample(join(tempDir("e2e-aws"), "sample"), blocks, 1);
    config = (place) => JSON.stringify({ datasets: { pings: { place } } });
  });

  beforeEach(async () => {
    const name = `fold-${++queues}`;
    for (const end of ["jobs", "ready"]) await createQueue(sqsClient(moto.endpoint), `${name}-${end}`);
    env = {
      ...moto.env,
      SPOTFOLD_STORE: `${await newBucket(moto.endpoint)}/runs`,
      SPOTFOLD_WEB: `${await newBucket(moto.endpoint)}/site`,
      SPOTFOLD_QUEUE: `sqs://${name}`,
    };
  });

  it("submits, works and publishes the bytes that one process publishes from a folder into a folder", async () => {
    const local = tempDir("e2e-aws-local");
    writeFileSync(join(local, "spotfold.config.json"), config(sample.data));
    const request = ["os-distribution", "--data", "pings", "--into", "systems", "--json"];
    const alone = await spotfold(local, ["run", ...request]);
    assert.equal(alone.code, 0, alone.stderr);

    const folder = tempDir("e2e-aws-cloud");
    const data = await newBucket(moto.endpoint);
    writeFileSync(join(folder, "spotfold.config.json"), config(`${data}/pings`));
    const bucket = await openS3(moto.endpoint, data);
    for (const entry of readdirSync(sample.data, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) await bucket.put(`pings/${relative(sample.data, path)}`, readFileSync(path));
    }
    const daemons = [
      await startSpotfold(folder, ["master"], { env }),
      await startSpotfold(folder, ["worker"], { env }),
      await startSpotfold(folder, ["worker"], { env }),
    ];
    const ended = await spotfold(folder, ["submit", ...request, "--wait"], { env });
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(jsonOf(ended).blocks, { selected: blocks, covered: blocks, stale: 0, missing: [] });
    const web = await openS3(moto.endpoint, env["SPOTFOLD_WEB"] ?? "", { published: true });
    await untilPublished(web, "systems/coverage.json");
    for (const daemon of daemons) {
      daemon.kill("SIGTERM");
      const end = await daemon.waitForEnd(30_000);
      assert.equal(end.code, 0, end.stderr);
    }
    await download(web, "systems/", join(folder, "web"));
    assert.deepEqual(publishedBytes(join(folder, "web")), publishedBytes(join(local, ".spotfold/web/systems")));
  });

  it("runs in one command, and goes on by cron", async () => {
    const folder = tempDir("e2e-aws-run");
    const counts = ["counts", "--by", "appUpdateChannel", "--data", sample.data, "--into", "channels"];
    const done = await spotfold(folder, ["run", ...counts, "--json"], { env });
    assert.equal(done.code, 0, done.stderr);
    assert.equal(jsonOf(done).blocks.covered, blocks);
    const again = await spotfold(folder, ["submit", "os-distribution", "--data", sample.data, "--into", "os"], { env });
    assert.equal(again.code, 0, again.stderr);
    for (const daemon of ["master", "worker", "master"]) {
      const ended = await spotfold(folder, [daemon, "--once"], { env });
      assert.equal(ended.code, 0, ended.stderr);
    }
    const results = await spotfold(folder, ["results", "os", "--format", "csv"], { env });
    assert.match(results.stdout, /^os,value\nDarwin,\d+\n/, results.stderr);
    const status = await spotfold(folder, ["status"], { env });
    assert.match(status.stdout, /finished: 12 of 12 blocks covered/);
  });

  it("says what is not there", async () => {
    const folder = tempDir("e2e-aws-absent");
    const noBucket = await spotfold(folder, ["status"], { env: { ...env, SPOTFOLD_STORE: "s3://nobody-has-this" } });
    assert.notEqual(noBucket.code, 0);
    assert.match(noBucket.stderr, /The bucket of s3:\/\/nobody-has-this is not there/);
    const run = ["run", "os-distribution", "--data", sample.data];
    const noQueue = await spotfold(folder, run, { env: { ...env, SPOTFOLD_QUEUE: "sqs://nobody" } });
    assert.notEqual(noQueue.code, 0);
    assert.match(
      noQueue.stderr,
      /The queue sqs:\/\/nobody-jobs is not there|The queue sqs:\/\/nobody-ready is not there/,
    );
  });
});
