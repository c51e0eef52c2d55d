/**
 * Real processes over servers that run in the test's own: queues with the duplicates and the disorder that SQS allows itself,
 * turned up, and data on fauxqs. The work store is a folder: fauxqs is refused as one (test/contract/blob-store-fauxqs.test.ts).
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { SampleResult } from "../../cli/sample/make.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { disorderly, isDuplicate } from "../contract/job-queue-disorder.ts";
import { atEnd } from "../support/cleanup.ts";
import { startFauxqs } from "../support/fauxqs.ts";
import { seededRandom } from "../support/manual-clock.ts";
import { newBucket, openS3, testCredentials, useTestCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { startSqsStub } from "../support/sqs-stub.ts";
import { tempDir } from "../support/temp.ts";
import { smallSample } from "./spotfold.ts";
import { publishedAlone, publishedTogether, upload } from "./together.ts";

const blocks = 12;
/** Every other receive brings a message again, done or not; no message keeps its place. */
const disorder = { duplicateShare: 0.5, duplicatesOfGone: true, lateMsMax: 1_500 };

describe("spotfold over servers in process", function disorderSuite() {
  this.timeout(600_000);

  let sample: SampleResult;
  let alone: Awaited<ReturnType<typeof publishedAlone>>;

  before(async () => {
    useTestCredentials();
    sample = await smallSample(join(tempDir("e2e-disorder"), "sample"), blocks, 1);
    alone = await publishedAlone(sample);
  });

  async function folders(): Promise<{ web: FolderBlobStore; env: Record<string, string> }> {
    const folder = tempDir("e2e-places");
    const web = await FolderBlobStore.open(join(folder, "web"), { create: true });
    atEnd(async () => await web.close());
    return {
      web,
      env: { ...testCredentials, SPOTFOLD_STORE: join(folder, "store"), SPOTFOLD_WEB: join(folder, "web") },
    };
  }

  it("publishes the same bytes whatever the queue doubles and disorders", async () => {
    const random = seededRandom(11);
    const stub = await startSqsStub({ staleFails: true, wrap: (queue) => disorderly(queue, random, disorder) });
    for (const end of ["jobs", "ready"]) stub.createQueue(`wild-${end}`);
    const { web, env } = await folders();
    const cloud = { ...env, AWS_ENDPOINT_URL_SQS: stub.endpoint, SPOTFOLD_QUEUE: "sqs://wild" };
    assert.deepEqual(await publishedTogether(sample.data, web, blocks, cloud), alone);
    const handles = stub.requests.flatMap(({ entries }) => entries.map(({ ReceiptHandle: handle = "" }) => handle));
    assert.ok(handles.some(isDuplicate), "there were duplicates");
  });

  it("publishes the same bytes from blocks and over queues on fauxqs", async () => {
    const { endpoint } = await startFauxqs();
    for (const end of ["jobs", "ready"]) await createQueue(sqsClient(endpoint), `fold-${end}`);
    const data = await newBucket(endpoint);
    await upload(sample, await openS3(endpoint, data), "pings/");
    const { web, env } = await folders();
    const cloud = { ...env, AWS_ENDPOINT_URL: endpoint, SPOTFOLD_QUEUE: "sqs://fold" };
    assert.deepEqual(await publishedTogether(`${data}/pings`, web, blocks, cloud), alone);
  });
});
