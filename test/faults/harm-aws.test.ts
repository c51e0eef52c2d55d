/**
 * What else happens to a fleet over S3 and SQS: a worker that stands still for longer than its lease, messages that come twice,
 * a queue that is purged, a catalog that is deleted, credentials that expire and come back. The published bytes are those of
 * one process on a folder, no block is missing, and nobody ends.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import type { Rule } from "../support/fault-proxy.ts";
import { passAll } from "../support/fault-proxy.ts";
import { needs } from "../support/requirements.ts";
import { sqsClient } from "../support/sqs.ts";
import { Cloud, datasetName, renamed, type CloudSite } from "./cloud.ts";
import { Crew } from "./crew-aws.ts";
import { definitionsFile } from "./data.ts";
import { assertSamePublished, type Published } from "./published.ts";
import { shortTimes, withJson } from "./site.ts";
import { undisturbed } from "./undisturbed.ts";

const blocksPerCodec = 2;
const recordsPerBlock = 10;
const appearsMsMax = 90_000;
const leaseMs = Number(shortTimes.SPOTFOLD_TIMING_LEASE_MS) * Number(shortTimes.SPOTFOLD_TIMING_SCALE);
/** Longer than a heartbeat of a lease, a status and a pass; the first hold by the environment lasts 1.5 s. */
const expiredMs = 5_000;

const request = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];
const times = { SPOTFOLD_TIMING_PUBLISH_MS: "40000", SPOTFOLD_TIMING_RESEND_MS: "40000" };

/** As S3 and SQS say it of a session whose token is over. */
const expired: Rule = ({ service }) => ({
  answer:
    service === "s3"
      ? {
          status: 400,
          headers: { "content-type": "application/xml" },
          body: "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>",
        }
      : {
          status: 403,
          headers: { "content-type": "application/x-amz-json-1.0" },
          body: JSON.stringify({
            __type: "com.amazon.coral.service#ExpiredTokenException",
            message: "The security token included in the request is expired",
          }),
        },
});

describe("over S3 and SQS, the undisturbed bytes are published", function harmed() {
  this.timeout(400_000);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");
  let cloud: Cloud;
  let site: CloudSite;
  let crew: Crew;
  let blocks: number;
  let expected: Published;
  let runs = 0;

  before(async () => {
    const sizes = { blocks: blocksPerCodec, records: recordsPerBlock, seed: 17 };
    const prepared = await undisturbed({ name: "harm", ...sizes, request });
    ({ blocks, expected } = prepared);
    cloud = await Cloud.start();
    site = await cloud.site(await cloud.upload(prepared.folder), times);
    crew = await Crew.start(site, request, { masters: 1, workers: 2 });
  });

  afterEach(() => {
    cloud.proxy.rule = passAll;
  });

  /** A run, with `harm` after its submission. Nobody ends, nothing is missing (the coverage is compared, too). */
  async function during(harm: (aggregate: string) => Promise<void>): Promise<void> {
    const aggregate = `run-${++runs}`;
    await crew.watched(async () => {
      await crew.submit(aggregate);
      await harm(aggregate);
      assertSamePublished(await site.published(aggregate, blocks), renamed(expected, aggregate));
      for (const daemon of crew.daemons) assert.ok(!daemon.ended, daemon.words.join(" "));
    });
  }

  async function somebodyWorks(): Promise<NonNullable<Awaited<ReturnType<Crew["child"]>>>> {
    const found = await crew.child("executor", appearsMsMax, crew.of("worker"));
    assert.ok(found !== null, "a worker works");
    return found;
  }

  it("when a worker stands still for longer than its lease, and goes on", async () => {
    await during(async () => {
      const { daemon } = await somebodyWorks();
      daemon.signal("SIGSTOP");
      await sleep(leaseMs * 2);
      daemon.signal("SIGCONT");
    });
  });

  it("when every message is delivered twice", async () => {
    cloud.proxy.rule = ({ operation }) => (operation === "SendMessageBatch" ? "twice" : "pass");
    const before = cloud.proxy.faults;
    await during(async () => undefined);
    assert.ok(cloud.proxy.faults > before);
  });

  it("when both queues are purged in the middle: jobs are sent again", async () => {
    const [master] = crew.of("master");
    const sentAgain = (): number => master?.log.match(/"event":"jobs-sent".*"again":true/g)?.length ?? 0;
    const before = sentAgain();
    await during(async () => {
      await somebodyWorks();
      for (const url of site.queues) {
        await sqsClient(cloud.moto.endpoint).send(new PurgeQueueCommand({ QueueUrl: url }));
      }
    });
    assert.ok(sentAgain() > before, master?.log.slice(-2_000));
  });

  it("when the catalog is deleted in the middle, and asked again", async () => {
    let asked = "";
    await during(async (aggregate) => {
      await somebodyWorks();
      for (const end of ["", "-wal", "-shm"]) rmSync(join(site.folder, `.spotfold/catalog.db${end}`), { force: true });
      asked = aggregate;
    });
    const ended = await site.call(["submit", ...request, "--into", asked, "--wait", "--json"]);
    assert.equal(ended.code, 0, ended.stderr);
    const { selected, covered, missing } = withJson(ended).json.blocks;
    assert.deepEqual({ selected, covered, missing }, { selected: blocks, covered: blocks, missing: [] });
  });

  it("when credentials expire in the middle and come back", async () => {
    await during(async () => {
      await somebodyWorks();
      cloud.proxy.rule = expired;
      await sleep(expiredMs);
      cloud.proxy.rule = passAll;
    });
    const logs = crew.daemons.map(({ log }) => log).join("");
    assert.match(logs, /credentials have expired/);
  });

  it("and all of them drain, with nobody left behind", async () => {
    await crew.drain();
  });
});
