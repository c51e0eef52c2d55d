/** The same over SQS: the server moves what nobody deals with, as the jobs queue's redrive policy says. */
import assert from "node:assert/strict";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { admitRun } from "../../../master/passes/admit.ts";
import { deadPass } from "../../../master/passes/dead.ts";
import { sendPass } from "../../../master/passes/send.ts";
import { SendState } from "../../../master/passes/send-state.ts";
import { openSqsQueues, type SqsQueues } from "../../../shared/aws/sqs/open.ts";
import { deadQueueOf } from "../../../shared/aws/sqs/place.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { jobMessageSchema } from "../../../shared/formats/message.ts";
import { parseStored } from "../../../shared/formats/stored.ts";
import { jobId } from "../../../shared/names.ts";
import { readJobBlocks } from "../../../shared/plan-file.ts";
import type { JobQueue } from "../../../shared/ports/job-queue.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { useMotoCredentials } from "../../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../../support/sqs.ts";
import { aggregate, manyBlocks, MasterSetting, specOf } from "../setting.ts";

/** Of the test's own policy; `receivesMax` of a real one is what nobody waits for. */
const receives = 2;
const untilMsMax = 30_000;

async function all(queue: JobQueue): Promise<number> {
  const { visible, leased, delayed } = await queue.counts();
  return visible + leased + delayed;
}

/** Receives what is there, deals with none of it, until the server has put it away. */
async function neglect({ jobs }: SqsQueues): Promise<void> {
  const until = performance.now() + untilMsMax;
  while ((await all(jobs)) > 0) {
    assert.ok(performance.now() < until, "the server keeps the messages in the jobs queue");
    const leases = await jobs.lease(10, { leaseMs: 60_000, waitMs: 0 });
    await jobs.release(leases.map(({ handle }) => ({ handle, delayMs: 0 })));
  }
}

describe("the dead-letter queue over SQS", function deadOverSqs() {
  needs("moto");
  this.timeout(120_000);

  let moto: Moto;
  let queues = 0;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  async function open(place: string): Promise<SqsQueues> {
    const aws = { sqsEndpoint: moto.endpoint, region: "us-east-1" };
    const opened = await openSqsQueues(place, { aws, clock: systemClock, random: systemRandom });
    atEnd(async () => await opened.close());
    return opened;
  }

  /** The queues of a name, and the jobs queue's URL. `deadOf` says which queue the policy names; absent: there is no policy. */
  async function create(deadOf?: (jobs: string) => string): Promise<{ readonly name: string; readonly url: string }> {
    const client = sqsClient(moto.endpoint);
    const name = `fold-${++queues}`;
    const jobs = `${name}-jobs`;
    const url = await createQueue(client, jobs);
    await createQueue(client, `${name}-ready`);
    if (deadOf === undefined) return { name, url };
    await createQueue(client, deadOf(jobs));
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${deadOf(jobs)}`,
      maxReceiveCount: receives,
    });
    await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy } }));
    return { name, url };
  }

  it("is the one that the jobs queue's policy names, whether by name or by URL", async () => {
    const { name, url } = await create(() => "somebodys-own");
    for (const place of [`sqs://${name}`, url]) {
      const { dead, jobs } = await open(place);
      assert.equal(dead?.name, `the dead-letter queue of ${jobs.name}`);
      assert.equal(await all(dead), 0);
    }
  });

  it("is none where there is no policy", async () => {
    const { name, url } = await create();
    for (const place of [`sqs://${name}`, url]) assert.equal((await open(place)).dead, null);
  });

  it("gets a poisoned message and jobs that nobody ends; a pass leaves the first, drops what is done, and sends the rest", async () => {
    const { name } = await create(deadQueueOf);
    const over = await open(`sqs://${name}`);
    const { dead } = over;
    assert.ok(dead !== null);
    const setting = new MasterSetting();
    const context = setting.context({ liveSlots: async () => 1_000, jobs: over.jobs, dead });
    setting.catalog = manyBlocks(3);
    await admitRun(context, specOf("r1"));
    await setting.submit(specOf("r1"));
    await sendPass(context, new SendState(), await setting.read());
    await over.jobs.send([{ body: "no job at all" }]);
    await neglect(over);
    assert.equal(await all(dead), 4);

    const run = await setting.open("r1");
    const blocks = await readJobBlocks(setting.store, aggregate, run.plan, jobId(1));
    await setting.resolve(run, jobId(1), blocks ?? []);
    await deadPass(context, dead, new Set());
    assert.equal(await all(dead), 1);
    assert.deepEqual(
      setting.of("dead-message-left").map(({ text }) => text),
      ["no job at all"],
    );
    assert.deepEqual(
      setting.of("dead-job-dropped").map(({ job, why }) => `${job}: ${why}`),
      [`${run.plan}/${jobId(1)}: the job is resolved`],
    );
    assert.ok(setting.of("dead-job-sent-again").every(({ receives: count }) => count > receives));
    const again = await over.jobs.lease(10, { leaseMs: 60_000, waitMs: 1_000 });
    const sent = again.map(({ body }) => parseStored("a message", body, jobMessageSchema));
    assert.deepEqual(
      sent.map(({ job, send }) => `${job} send ${send}`).toSorted(),
      [0, 2].map((index) => `${jobId(index)} send 2`),
    );
    assert.equal(await all(over.jobs), 2);
  });
});
