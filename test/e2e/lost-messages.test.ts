/**
 * Messages that are lost for good, over SQS: the jobs queue is purged after the master has sent, and ready messages are
 * taken by somebody else. The run ends all the same: jobs are sent again (rule B2), and resolutions are found without a word.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import type { SampleResult } from "../../cli/sample/make.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient, sqsQueue } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";
import { upload } from "./together.ts";

const blocks = 4;
/** Of ./spotfold.ts. */
const scale = 0.1;
/** What the loss of a ready message may cost, and as much again for a machine that does other things, too. */
const lateMsMax = 60_000 * scale * 2;
const untilMsMax = 180_000;

interface Line {
  readonly time: string;
  readonly event: string;
  readonly again?: boolean;
  readonly how?: string;
}

function linesOf(text: string): Line[] {
  return text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []));
}

/** When the last such event was. */
function last(lines: readonly Line[], fits: (line: Line) => boolean): number {
  return Date.parse(lines.findLast(fits)?.time ?? "");
}

describe("lost messages over SQS", function lostMessages() {
  needs("moto");
  this.timeout(600_000);

  let moto: Moto;
  let sample: SampleResult;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
    sample = await smallSample(join(tempDir("lost-messages"), "sample"), blocks, 1);
  });

  it("cost time: jobs are sent again, resolutions are found within a minute", async () => {
    const client = sqsClient(moto.endpoint);
    const [jobsUrl, readyUrl] = [await createQueue(client, "lost-jobs"), await createQueue(client, "lost-ready")];
    const data = await newBucket(moto.endpoint);
    await upload(sample, await openS3(moto.endpoint, data), "pings/");
    const folder = tempDir("lost-messages");
    const datasets = { pings: { place: `${data}/pings` } };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets }));
    const env = {
      ...moto.env,
      SPOTFOLD_STORE: await newBucket(moto.endpoint),
      SPOTFOLD_WEB: await newBucket(moto.endpoint),
      SPOTFOLD_QUEUE: "sqs://lost",
    };
    const request = ["submit", "os-distribution", "--data", "pings", "--into", "systems", "--json"];
    const submitted = await spotfold(folder, request, { env });
    assert.equal(submitted.code, 0, submitted.stderr);
    const master = await startSpotfold(folder, ["master"], { env });
    await master.waitFor(/"event":"jobs-sent"/, untilMsMax);
    await client.send(new PurgeQueueCommand({ QueueUrl: jobsUrl }));

    // Takes ready messages as fast as it can: the master gets few of them, if any.
    const over = new AbortController();
    let stolen = 0;
    const thief = (async () => {
      const ready = sqsQueue({ client, url: readyUrl });
      while (!over.signal.aborted) {
        const leases = await ready.lease(10, { leaseMs: 60_000, waitMs: 0 });
        stolen += leases.length;
        await ready.acknowledge(leases.map(({ handle }) => handle));
      }
      await ready.close();
    })();
    const worker = await startSpotfold(folder, ["worker"], { env });
    const waited = await spotfold(folder, [...request, "--wait"], { env });
    assert.equal(waited.code, 0, waited.stderr);
    assert.equal(jsonOf(waited).blocks.covered, blocks);
    over.abort();
    await thief;
    for (const daemon of [worker, master]) daemon.kill("SIGTERM");
    for (const daemon of [worker, master]) assert.equal((await daemon.waitForEnd(60_000)).code, 0);

    const said = linesOf(master.stderr());
    assert.ok(
      said.some(({ event, again }) => event === "jobs-sent" && again === true),
      "the jobs were sent again",
    );
    const resolved = last(linesOf(worker.stderr()), ({ event, how }) => event === "job-ended" && how === "resolved");
    const entered = last(said, ({ event }) => event === "jobs-entered");
    assert.ok(entered - resolved <= lateMsMax, `the last job was entered ${entered - resolved} ms after its end`);
    assert.ok(stolen > 0, "ready messages were lost");
  });
});
