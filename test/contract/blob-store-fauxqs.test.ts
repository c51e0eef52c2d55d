/**
 * The BlobStore suite on fauxqs, in this process. It ignores conditions on writes: the cases that need them are left out with
 * that reason, and the start-up probe must refuse it as a work store, in a daemon as well.
 */
import assert from "node:assert/strict";
import { startS3Rival } from "../../shared/aws/rival.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { probeStore } from "../../shared/store-probe.ts";
import { spotfold } from "../e2e/spotfold.ts";
import { failsWith, keysAt } from "../support/blob-store-helpers.ts";
import { startFauxqs } from "../support/fauxqs.ts";
import { newBucket, openS3, testCredentials, useTestCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { blobStoreContract } from "./blob-store.ts";
import { s3Lacks } from "./fauxqs-lacks.ts";

describe("fauxqs, which speaks S3", () => {
  let endpoint = "";

  before("start fauxqs", async () => {
    useTestCredentials();
    ({ endpoint } = await startFauxqs());
  });

  blobStoreContract("S3 on fauxqs", async () => await openS3(endpoint, await newBucket(endpoint)), { lacks: s3Lacks });

  it("is refused as a work store by the start-up probe, which names it and leaves nothing behind", async () => {
    const place = await newBucket(endpoint);
    const store = await openS3(endpoint, place);
    const aws = { s3Endpoint: endpoint, region: "us-east-1" };
    const startRival = () => startS3Rival({ place, aws, clock: systemClock, random: systemRandom });
    const error = await failsWith("store-unfit", probeStore(store, { random: systemRandom, startRival }));
    assert.match(error.message, new RegExp(`The store ${place} cannot be used: it created a blob that existed`));
    assert.deepEqual(await keysAt(store, ""), []);
  });

  it("is refused by every daemon, before it does anything", async function refusing() {
    this.timeout(120_000);
    const place = `${await newBucket(endpoint)}/runs`;
    const client = sqsClient(endpoint);
    for (const end of ["jobs", "ready"]) await createQueue(client, `unfit-${end}`);
    const env = {
      ...testCredentials,
      AWS_ENDPOINT_URL: endpoint,
      SPOTFOLD_STORE: place,
      SPOTFOLD_QUEUE: "sqs://unfit",
    };
    for (const daemon of ["master", "worker"]) {
      const { code, stderr } = await spotfold(tempDir("unfit"), [daemon, "--once"], { env });
      assert.notEqual(code, 0, stderr);
      assert.match(stderr, /store-unfit|cannot be used: it created a blob that existed/);
      assert.ok(stderr.includes(place), stderr);
    }
  });
});
