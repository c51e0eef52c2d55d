/** Answers that stop in the middle, on a connection that stays: a call ends, and is tried again. */
import assert from "node:assert/strict";
import { sqsClientConfig } from "../../../shared/aws/client.ts";
import { codeOf } from "../../../shared/errors.ts";
import { SQSClient } from "@aws-sdk/client-sqs";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer, type Fate } from "../../support/fault-server.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../../support/s3-on-moto.ts";
import { createQueue, sqsClient, sqsQueue } from "../../support/sqs.ts";

const silentMsMax = 400;
const stops: Fate = { silentAfterBytes: 40 };

describe("an answer that stops in the middle", function stopped() {
  needs("moto");
  let moto: Moto;

  before(async function starting() {
    this.timeout(60_000);
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  it("of a list is asked for again, as often as other failures, and is a time-out in the end", async () => {
    const place = await newBucket(moto.endpoint);
    const direct = await openS3(moto.endpoint, place);
    await direct.put("a", Buffer.from("1"));
    let left = 2;
    const server = await startFaultServer(moto.endpoint, ({ method }) =>
      method === "GET" && left-- > 0 ? stops : "pass",
    );
    const store = await openS3(server.endpoint, place, { aws: { attemptsMax: 3, silentMsMax } });
    const keys = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const page of store.list("")) found.push(...page.blobs.map(({ key }) => key));
      return found;
    };
    assert.deepEqual(await keys(), ["a"]);
    left = 3;
    await assert.rejects(keys(), (error) => codeOf(error) === "timeout");
    assert.deepEqual(await keys(), ["a"]);
  });

  it("of a receive is asked for again, too", async () => {
    const url = await createQueue(sqsClient(moto.endpoint), "stopped");
    let left = 1;
    const server = await startFaultServer(moto.endpoint, ({ headers }) =>
      String(headers["x-amz-target"]).endsWith("ReceiveMessage") && left-- > 0 ? stops : "pass",
    );
    const aws = { sqsEndpoint: server.endpoint, region: "us-east-1", attemptsMax: 3, silentMsMax };
    const client = new SQSClient({ ...sqsClientConfig(aws), useQueueUrlAsEndpoint: false });
    atEnd(() => client.destroy());
    const queue = sqsQueue({ client, url });
    await queue.send([{ body: "one" }, { body: "two" }]);
    // The messages of the answer that was lost are leased until their time is over.
    const bodies = new Set<string>();
    while (bodies.size < 2) {
      const leases = await queue.lease(10, { leaseMs: 1_000, waitMs: 1_000 });
      for (const { body } of leases) bodies.add(body);
    }
    assert.deepEqual([...bodies].toSorted(), ["one", "two"]);
  });
});
