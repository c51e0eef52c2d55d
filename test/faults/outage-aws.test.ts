/**
 * A worker without a network, and a master that is away, for several leases, over S3 and SQS: nothing is lost, nobody takes
 * itself for a bad machine, and the logs tell the outage's beginning, its end and its length. `npm run test:long` has it with
 * the real times (test/long/outage.long.ts).
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy } from "../support/fault-proxy.ts";
import { needs } from "../support/requirements.ts";
import { Cloud, datasetName, renamed, type CloudSite } from "./cloud.ts";
import { Crew, Daemon } from "./crew-aws.ts";
import { definitionsFile } from "./data.ts";
import { assertSamePublished, type Published } from "./published.ts";
import { shortTimes } from "./site.ts";
import { undisturbed } from "./undisturbed.ts";

const blocksPerCodec = 2;
const recordsPerBlock = 10;
const appearsMsMax = 90_000;
const leaseMs = Number(shortTimes.SPOTFOLD_TIMING_LEASE_MS) * Number(shortTimes.SPOTFOLD_TIMING_SCALE);
const awayMs = 2.5 * leaseMs;

const request = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];
const times = { SPOTFOLD_TIMING_PUBLISH_MS: "40000" };

describe("over S3 and SQS, an outage", function outages() {
  this.timeout(500_000);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");
  let cloud: Cloud;
  let site: CloudSite;
  let crew: Crew;
  let blocks: number;
  let expected: Published;

  before(async () => {
    const sizes = { blocks: blocksPerCodec, records: recordsPerBlock, seed: 19 };
    const prepared = await undisturbed({ name: "outage", ...sizes, request });
    ({ blocks, expected } = prepared);
    cloud = await Cloud.start();
    site = await cloud.site(await cloud.upload(prepared.folder), times);
    crew = await Crew.start(site, request, { masters: 1, workers: 0 });
  });

  for (const slots of [1, 4]) {
    it(`of the network of a worker with ${slots === 1 ? "one slot" : `${slots} slots`} costs time, and is told`, async () => {
      const network = await FaultProxy.start(cloud.moto.endpoint);
      const behind = site.as({ AWS_ENDPOINT_URL: network.endpoint });
      const worker = await Daemon.start(behind, ["worker", "--slots", `${slots}`]);
      const aggregate = `slots-${slots}`;
      await crew.submit(aggregate);
      assert.ok((await crew.child("decoder", appearsMsMax, [worker])) !== null, "it works");
      await network.down();
      await sleep(awayMs / 2);
      const middle = Date.now();
      await sleep(awayMs / 2);
      assert.ok(!worker.ended, worker.log);
      await network.up();
      assertSamePublished(await site.published(aggregate, blocks), renamed(expected, aggregate));
      await worker.drain();
      assert.doesNotMatch(worker.log, /worker-gives-up/);
      // On a busy machine an answer that is late is told, too, as an outage of its own, before and after this one.
      const told = eventsOf(worker.log, "queue-back").filter((back) => {
        const until = Date.parse(String(back["time"]));
        return until - Number(back["awayMs"]) < middle && middle < until;
      });
      assert.equal(told.length, 1, worker.log);
      assert.equal(eventsOf(worker.log, "store-back").length, eventsOf(worker.log, "store-away").length, worker.log);
      if (process.env["SHOW_LOGS"] === "1") console.log(worker.log);
    });
  }

  it("of the master, killed and long gone, costs time, and is made up for by the next one", async () => {
    const worker = await Daemon.start(site, ["worker", "--slots", "2"]);
    const [master] = crew.of("master");
    assert.ok(master !== undefined);
    await crew.submit("masterless");
    assert.ok((await crew.child("decoder", appearsMsMax, [worker])) !== null, "it works");
    master.signal("SIGKILL");
    await sleep(awayMs * 1.5);
    assert.ok(!worker.ended, worker.log);
    await master.startAgain();
    assertSamePublished(await site.published("masterless", blocks), renamed(expected, "masterless"));
    assert.ok(eventsOf(master.log, "jobs-entered").length > 0, master.log);
    if (process.env["SHOW_LOGS"] === "1") console.log(master.log);
    await worker.drain();
    await crew.drain();
  });
});

function eventsOf(log: string, event: string): Record<string, unknown>[] {
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((fields) => fields["event"] === event);
}
