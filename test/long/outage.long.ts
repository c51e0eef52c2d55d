/**
 * With the real times: a worker that loses its network for 3 minutes, and a master that is away for 10, lose nothing and say
 * what happened. Their logs are printed, to be read by a person. About 17 minutes.
 *
 *     npm run test:long -- test/long/outage.long.ts
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Cloud, datasetName, renamed } from "../faults/cloud.ts";
import { Crew, Daemon } from "../faults/crew-aws.ts";
import { definitionsFile } from "../faults/data.ts";
import { assertSamePublished, type Published } from "../faults/published.ts";
import { undisturbed } from "../faults/undisturbed.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { needs } from "../support/requirements.ts";

const networkAwayMs = 3 * 60_000;
const masterAwayMs = 10 * 60_000;
const appearsMsMax = 60_000;
/** Leases of 120 s run out, jobs that failed rest for minutes; a master that comes back publishes when the run ends. */
const recoversMsMax = 8 * 60_000;

/** The defaults: what the other tests shorten is taken back. */
const realTimes = {
  SPOTFOLD_TIMING_SCALE: "1",
  SPOTFOLD_TIMING_LEASE_MS: "120000",
  SPOTFOLD_TIMING_HEARTBEAT_MS: "25000",
  SPOTFOLD_TIMING_STALL_MS: "60000",
};

const request = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];

describe("with the real times, an outage", function outages() {
  this.timeout(30 * 60_000);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");
  let cloud: Cloud;
  let data: string;
  let blocks: number;
  let expected: Published;

  before(async () => {
    const prepared = await undisturbed({ name: "outage-long", blocks: 4, records: 20, seed: 23, request });
    ({ blocks, expected } = prepared);
    cloud = await Cloud.start();
    data = await cloud.upload(prepared.folder);
  });

  it("of a worker's network for 3 minutes", async () => {
    const site = await cloud.site(data, realTimes);
    const crew = await Crew.start(site, request, { masters: 1, workers: 0 });
    const network = await FaultProxy.start(cloud.moto.endpoint);
    const worker = await Daemon.start(site.as({ AWS_ENDPOINT_URL: network.endpoint }), ["worker", "--slots", "4"]);
    await crew.submit("network");
    assert.ok((await crew.child("decoder", appearsMsMax, [worker])) !== null, "it works");
    await network.down();
    await sleep(networkAwayMs);
    await network.up();
    try {
      const published = await site.published("network", blocks, recoversMsMax);
      assertSamePublished(published, renamed(expected, "network"));
    } finally {
      console.log(worker.log);
    }
    await worker.drain();
    await crew.drain();
  });

  it("of the master for 10 minutes", async () => {
    const site = await cloud.site(data, realTimes);
    const crew = await Crew.start(site, request, { masters: 1, workers: 1 });
    await crew.submit("master");
    assert.ok((await crew.child("decoder", appearsMsMax, crew.of("worker"))) !== null, "a worker works");
    const [master] = crew.of("master");
    master?.signal("SIGKILL");
    await sleep(masterAwayMs);
    await master?.startAgain();
    try {
      assertSamePublished(await site.published("master", blocks, recoversMsMax), renamed(expected, "master"));
    } finally {
      console.log(crew.daemons.map(({ log }) => log).join("\n"));
    }
    await crew.drain();
  });
});
