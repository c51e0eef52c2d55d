/** `run` with a queue that its worker may not lease from: it says so, waits for a cure, and ends as held when none comes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startMoto, type Moto } from "../support/moto.ts";
import { startPolicedProxy } from "../support/policed-proxy.ts";
import { needs } from "../support/requirements.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { errorOf, jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

const blocks = 2;
const waitMs = 60_000;

describe("spotfold run, with a queue that may not be read", function deniedSuite() {
  needs("moto");
  this.timeout(500_000);

  let moto: Moto;
  let folder: string;
  let env: Record<string, string>;
  let isDenied: boolean;
  let request: string[];

  before(async () => {
    moto = await startMoto();
  });

  beforeEach(async () => {
    isDenied = true;
    folder = tempDir("queue-denied");
    const client = sqsClient(moto.endpoint);
    for (const end of ["jobs", "ready"]) await createQueue(client, `denied-${end}`);
    const isAllowed = ({ action }: { readonly action: string }): boolean =>
      !isDenied || action !== "sqs:ReceiveMessage";
    const proxy = await startPolicedProxy(moto.endpoint, isAllowed, "us-east-1");
    env = { ...moto.env, AWS_ENDPOINT_URL: proxy.endpoint, SPOTFOLD_QUEUE: "sqs://denied" };
    const sample = await smallSample(join(folder, "sample"), blocks, 0.2);
    request = ["run", "os-distribution", "--data", sample.data, "--json"];
  });

  it("ends with 4, the reason and what to do, and goes on with the same command once it is cured", async () => {
    const held = await spotfold(folder, request, { env });
    assert.equal(held.code, 4, held.stderr);
    const { message, hint } = errorOf(held);
    assert.match(message, /is held: .*denied-jobs/);
    assert.match(hint ?? "", /sqs:ReceiveMessage.*To go on: /s);
    assert.equal(held.stderr.match(/the worker waits until that is cured/g)?.length, 1, held.stderr);
    assert.equal(held.stderr.match(/going on without the queue's wake-ups/g)?.length, 1, held.stderr);
    isDenied = false;
    const done = await spotfold(folder, request, { env });
    assert.equal(done.code, 0, done.stderr);
    assert.equal(jsonOf(done).blocks.covered, blocks);
  });

  it("goes on by itself when it is cured while the command waits", async () => {
    // Longer than a busy machine takes for the line and the cure.
    const started = await startSpotfold(folder, request, { env: { ...env, SPOTFOLD_TIMING_HELD_MS: "600000" } });
    await started.waitFor(/the worker waits until that is cured/, waitMs);
    isDenied = false;
    const ended = await started.waitForEnd(waitMs);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(jsonOf(ended).blocks.covered, blocks);
  });
});
