/** `doctor` over S3 and SQS, on moto: each right is tried, what is refused is named with what would allow it, and nobody is harmed. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { doctor } from "../../cli/commands/doctor.ts";
import { init } from "../../cli/commands/init.ts";
import type { Outcome } from "../../cli/doctor/check.ts";
import { skewOf } from "../../cli/doctor/servers.ts";
import { sqsClientConfig } from "../../shared/aws/client.ts";
import type { SqsJobQueue } from "../../shared/aws/sqs/queue.ts";
import { startSpotfold } from "../e2e/spotfold.ts";
import { atEnd } from "../support/cleanup.ts";
import { startFaultServer, type Asked, type Fate } from "../support/fault-server.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsQueue } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

const untilMsMax = 30_000;

function refused(asked: Asked, action: string, resource: string): Fate {
  const message = `User: arn:aws:iam::1:user/me is not authorized to perform: ${action} on resource: "${resource}"`;
  if (asked.headers["x-amz-target"] !== undefined) {
    const headers = { "content-type": "application/x-amz-json-1.0" };
    const body = JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", message });
    return { answer: { status: 400, headers, body } };
  }
  const body = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
  return { answer: { status: 403, headers: { "content-type": "application/xml" }, body } };
}

describe("the store's Date", () => {
  const bucket = "b";
  const storeTime = 1_000_000_000;
  const at = (ahead: number, tookMs = 0) =>
    skewOf({ bucket, storeTime, ourTime: [storeTime + ahead, storeTime + ahead + tookMs] });

  it("agrees within its whole seconds, and within what the answer took", () => {
    for (const found of [at(0), at(999), at(-60_000, 70_000)]) assert.equal(found, "s3://b: our clocks agree");
  });

  it("is told from 30 s on, and wrong from 5 min on", () => {
    assert.deepEqual(
      [at(20_000), at(-20_000)],
      ["s3://b: our clock is 19 s ahead", "s3://b: our clock is 20 s behind"],
    );
    for (const found of [at(40_000), at(-200_000)]) assert.ok(typeof found === "object" && found.hint.includes("ntp"));
    for (const ahead of [400_000, -400_000]) assert.throws(() => at(ahead), { code: "clock-skew", message: /6 min/ });
    assert.throws(() => skewOf({ bucket, storeTime: undefined, ourTime: [0, 0] }), { code: "store-unfit" });
  });
});

describe("spotfold doctor over S3 and SQS", function doctorAwsSuite() {
  needs("moto");
  this.timeout(120_000);

  let moto: Moto;
  let names = 0;
  let name: string;
  let folder: string;
  let variables: Readonly<Record<string, string>>;
  let places: { readonly store: string; readonly web: string; readonly queue: string };

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  beforeEach(async () => {
    name = `doctor-${process.pid}-${++names}`;
    folder = tempDir("doctor-aws");
    variables = moto.env;
    places = { store: `s3://${name}-store/runs`, web: `s3://${name}-web/site`, queue: `sqs://${name}` };
    assert.equal(await init({ create: true, ...places }, capturedIo(folder, { variables }).io), 0);
  });

  async function report(fateOf?: (asked: Asked) => Fate): Promise<readonly Outcome[]> {
    const endpoint = fateOf === undefined ? moto.endpoint : (await startFaultServer(moto.endpoint, fateOf)).endpoint;
    const captured = capturedIo(folder, { variables: { ...variables, AWS_ENDPOINT_URL: endpoint } });
    await doctor({ json: true }, captured.io);
    return (JSON.parse(captured.out()) as { readonly checks: readonly Outcome[] }).checks;
  }

  function said(outcomes: readonly Outcome[], check: string): string {
    return outcomes
      .filter((outcome) => outcome.name === check)
      .map((outcome) => [outcome.state, outcome.detail, "hint" in outcome ? outcome.hint : ""].join(" | "))
      .join("\n");
  }

  function jobsQueue(): Promise<SqsJobQueue> {
    return queueOf(`${name}-jobs`);
  }

  async function queueOf(queue: string): Promise<SqsJobQueue> {
    const client = new SQSClient({
      ...sqsClientConfig({ sqsEndpoint: moto.endpoint, region: "us-east-1" }),
      useQueueUrlAsEndpoint: false,
    });
    atEnd(() => client.destroy());
    const opened = sqsQueue({ client, url: `${moto.endpoint}/123456789012/${queue}` });
    atEnd(() => opened.close());
    return opened;
  }

  it("finds all well in what init made, and leaves nothing", async () => {
    const outcomes = await report();
    assert.deepEqual(
      outcomes.filter(({ state }) => state !== "ok"),
      [],
    );
    assert.match(said(outcomes, "store"), /: put, get, create, swap, list, delete, conditions/);
    assert.match(said(outcomes, "web"), /: put, get, create, swap, list, delete/);
    assert.match(said(outcomes, "queue"), /send, lease, extend, ack of both queues; about 0 jobs/);
    assert.match(said(outcomes, "dead"), new RegExp(`1000 times go to ${name}-dead`));
    assert.match(said(outcomes, "bucket"), /ended \| \n.*ended; pages of other origins may read/);
    assert.match(said(outcomes, "date"), /our clocks agree/);
    assert.match(said(outcomes, "region"), new RegExp(`s3://${name}-store/runs us-east-1.*sqs://${name} us-east-1`));
    assert.match(said(outcomes, "versions"), /spotfold \d.*Node 24.*AWS SDK 3\..*Werkzeug/);
    for (const bucket of ["store", "web"]) {
      const store = await openS3(moto.endpoint, `s3://${name}-${bucket}`);
      for await (const { blobs } of store.list("")) assert.deepEqual(blobs, []);
    }
    for (const queue of ["jobs", "ready", "dead"]) {
      const { visible, leased } = await (await queueOf(`${name}-${queue}`)).counts();
      assert.equal(visible + leased, 0, queue);
    }
  });

  it("names each right that is refused, and the policy that would allow it", async () => {
    const refusals: readonly (readonly [(asked: Asked) => boolean, string, string, RegExp])[] = [
      [({ method, url }) => method === "PUT" && url.includes("-store/"), "store", "s3:PutObject", /put: .*me may not/],
      [
        ({ url }) => url.includes("?delete") && url.includes("-web"),
        "web",
        "s3:DeleteObject",
        /swap, list went well\ndelete: /,
      ],
      [
        ({ method, url }) => method === "GET" && /-web\/?\?.*list-type/.test(url),
        "web",
        "s3:ListBucket",
        /delete went well\nlist: /,
      ],
    ];
    for (const [matches, check, action, expected] of refusals) {
      const outcomes = await report((asked) => (matches(asked) ? refused(asked, action, "arn:aws:s3:::x") : "pass"));
      const text = said(outcomes, check);
      assert.match(text, /^failed/, text);
      assert.match(text, expected);
      assert.ok(text.includes(`"Action":"${action}"`), text);
      assert.match(said(outcomes, check === "store" ? "web" : "store"), /^ok/);
    }
  });

  for (const [call, action, step] of [
    ["SendMessage", "sqs:SendMessage", "send"],
    ["ReceiveMessage", "sqs:ReceiveMessage", "lease"],
    ["ChangeMessageVisibility", "sqs:ChangeMessageVisibility", "extend"],
    ["DeleteMessage", "sqs:DeleteMessage", "ack"],
    ["GetQueueAttributes", "sqs:GetQueueAttributes", "count"],
  ] as const) {
    it(`says that ${action} is refused`, async () => {
      const outcomes = await report((asked) =>
        asked.headers["x-amz-target"] === `AmazonSQS.${call}` ? refused(asked, action, "arn:aws:sqs:::x") : "pass",
      );
      const text = said(outcomes, "queue");
      assert.match(
        text,
        new RegExp(`^failed[^]*\n${step} \\(jobs\\): .*me may not ${action}[^]*\n${step} \\(ready\\): `),
      );
      assert.ok(text.includes(`"Action":"${action}"`), text);
      const others = ["send", "lease", "extend", "ack"].filter((other) => other !== step);
      for (const other of others) assert.match(text, new RegExp(`${other} \\(jobs\\).* went well`));
    });
  }

  it("hides no job of a queue that is worked on, and takes none", async () => {
    const queue = await jobsQueue();
    await queue.send(Array.from({ length: 12 }, (_, index) => ({ body: `job ${index}` })));
    assert.equal((await queue.counts()).visible, 12);
    const outcomes = await report();
    assert.match(said(outcomes, "queue"), /^ok .*about 12 jobs/);
    // Ours is the thirteenth: a worker drops it.
    assert.deepEqual(await queue.counts(), { visible: 13, leased: 0, delayed: 0 });
  });

  it("sends a worker that waits nothing that it does not drop without a word", async () => {
    const worker = await startSpotfold(folder, ["worker"], {
      env: { ...moto.env, SPOTFOLD_STORE: places.store, SPOTFOLD_WEB: places.web },
    });
    const queue = await jobsQueue();
    await queue.send([{ body: "no job" }]);
    await worker.waitFor(/message-refused/, untilMsMax);
    const outcomes = await report();
    assert.match(said(outcomes, "queue"), /^ok/);
    for (const until = performance.now() + untilMsMax; ; await sleep(100)) {
      const { visible, leased } = await queue.counts();
      if (visible + leased === 0) break;
      assert.ok(performance.now() < until, "the probe is still there");
    }
    worker.kill("SIGTERM");
    const { code, stderr } = await worker.waitForEnd(untilMsMax);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/message-refused/g)?.length, 1);
    assert.doesNotMatch(stderr, /"level":"error"/);
  });

  it("warns of what is absent that it can do without, and fails for none of it", async () => {
    const store = await newBucket(moto.endpoint);
    variables = { ...variables, SPOTFOLD_STORE: store, SPOTFOLD_QUEUE: `sqs://${name}-bare` };
    const client = new SQSClient({ ...sqsClientConfig({ sqsEndpoint: moto.endpoint, region: "us-east-1" }) });
    atEnd(() => client.destroy());
    for (const end of ["jobs", "ready"]) await createQueue(client, `${name}-bare-${end}`);
    const bare = await report();
    assert.match(said(bare, "bucket"), /^warning .*stay, and are paid for \| Add a lifecycle rule/);
    assert.match(said(bare, "dead"), /^warning .*no dead-letter queue.*\| Make one/);
    variables = { ...variables, SPOTFOLD_QUEUE: `sqs://${name}` };
    await client.send(new DeleteQueueCommand({ QueueUrl: `${moto.endpoint}/123456789012/${name}-dead` }));
    assert.match(said(await report(), "dead"), new RegExp(`^warning .*names ${name}-dead, which is not there`));
    const captured = capturedIo(folder, { variables });
    assert.equal(await doctor({}, captured.io), 0);
    assert.match(captured.out(), /^warning dead .*\n {10,}Make one/m);
    assert.match(captured.out(), /\nA run would work; 2 warnings\.\n$/);
  });

  it("looks not at what it may not look at", async () => {
    const outcomes = await report((asked) =>
      /\?(?:lifecycle|cors)/.test(asked.url)
        ? refused(asked, "s3:GetLifecycleConfiguration", "arn:aws:s3:::x")
        : "pass",
    );
    assert.match(said(outcomes, "bucket"), /^ok .*not looked at.*\nok .*CORS not looked at/);
  });

  it("reads one block of each dataset through the URL that decoders get", async () => {
    const place = await newBucket(moto.endpoint);
    const store = await openS3(moto.endpoint, place);
    await store.put("logs/a.txt", Buffer.from("x\n"));
    const config = {
      store: `s3://${name}-store/runs`,
      datasets: { logs: { place: `${place}/logs`, layout: "{name}.txt" } },
    };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify(config));
    assert.match(said(await report(), "logs"), /1 of the first 1 key match the layout .*; a\.txt can be read/);
    const get = ({ method, url }: Asked): boolean => method === "GET" && url.includes("/logs/a.txt");
    const denied = await report((asked) => (get(asked) ? refused(asked, "s3:GetObject", "arn:aws:s3:::x") : "pass"));
    assert.match(said(denied, "logs"), /^failed .*me may not s3:GetObject.*"Action":"s3:GetObject"/);
    const archived = `<?xml version="1.0"?><Error><Code>InvalidObjectState</Code><Message>Archived</Message></Error>`;
    const cold = await report((asked) => (get(asked) ? { answer: { status: 403, body: archived } } : "pass"));
    assert.match(said(cold, "logs"), /^warning .*a\.txt is archived/);
  });

  it("says what is not there", async () => {
    variables = { ...variables, SPOTFOLD_STORE: `s3://${name}-none`, SPOTFOLD_QUEUE: `sqs://${name}-none` };
    const outcomes = await report();
    assert.match(
      said(outcomes, "store"),
      /^failed \| The bucket of .* is not there.*: spotfold init --create makes it/,
    );
    assert.match(
      said(outcomes, "queue"),
      /^failed \| The queue sqs:\/\/.*-none-(?:jobs|ready) is not there.*init --create/,
    );
    for (const what of ["store", "queue"]) assert.equal(said(outcomes, what).split("init --create").length, 2, what);
    assert.match(said(outcomes, "web"), /^ok/);
  });
});
