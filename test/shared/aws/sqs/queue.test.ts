/** What an SqsJobQueue makes of servers that fail, limit and disagree. What every queue does is in test/contract. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { SqsJobQueue, SqsJobQueueOptions } from "../../../../shared/aws/sqs/queue.ts";
import { SpotfoldError } from "../../../../shared/errors.ts";
import { sqsClient, sqsQueue } from "../../../support/sqs.ts";
import { startSqsStub, type SqsStub, type StubOptions, type StubRequest } from "../../../support/sqs-stub.ts";

const longMs = 60_000;
const ok = { ok: true };

async function open(
  stubOptions: StubOptions = {},
  options: Partial<SqsJobQueueOptions> = {},
): Promise<[SqsJobQueue, SqsStub]> {
  const stub = await startSqsStub(stubOptions);
  return [sqsQueue({ client: sqsClient(stub.endpoint, 2), url: stub.createQueue(), ...options }), stub];
}

const bodiesOf = ({ entries }: StubRequest): (string | undefined)[] => entries.map(({ MessageBody: body }) => body);
const sends = (stub: SqsStub): StubRequest[] => stub.requests.filter(({ action }) => action === "SendMessageBatch");

async function leaseAll(queue: SqsJobQueue): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const leases = await queue.lease(10, { leaseMs: longMs, waitMs: 0 });
    if (leases.length === 0) return bodies.toSorted();
    bodies.push(...leases.map(({ body }) => body));
  }
}

describe("SqsJobQueue: batches", () => {
  const large = "x".repeat(100_000);
  const messages = ["a", "b", "c", "d"].map((name) => ({ body: `${name}${large}` }));

  it("are cut so that every server takes them", async () => {
    const [queue, stub] = await open({ batchBytesMax: 262_144 });
    assert.deepEqual(await queue.send(messages), [ok, ok, ok, ok]);
    assert.deepEqual(
      sends(stub).map(({ entries }) => entries.length),
      [2, 2],
    );
  });

  it("may be larger where that is asked for, and are halved where the server says no all the same", async () => {
    const [queue, stub] = await open({}, { batchBytesMax: 1_048_576 });
    assert.deepEqual(await queue.send(messages), [ok, ok, ok, ok]);
    assert.equal(sends(stub).length, 1);
    const [other, smaller] = await open({ batchBytesMax: 262_144 }, { batchBytesMax: 1_048_576 });
    assert.deepEqual(await other.send(messages), [ok, ok, ok, ok]);
    assert.equal(sends(smaller).length, 3);
    assert.equal((await leaseAll(other)).length, 4);
  });

  it("say no to a message that the server finds too long by itself", async () => {
    const [queue] = await open({ batchBytesMax: 100_010 });
    const [small, ...rest] = await queue.send([{ body: "small" }, { body: large }, { body: `${large}${large}` }]);
    assert.deepEqual([small, rest[0]], [ok, ok]);
    assert.ok(rest[1]?.ok === false && !rest[1].retryable);
  });
});

describe("SqsJobQueue: failures", () => {
  it("of entries are tried again by themselves when that may help", async () => {
    let left = 3;
    const [queue, stub] = await open({
      failEntry: ({ MessageBody: body }) => {
        if (body === "never") return { code: "InvalidMessageContents", message: "Not this one." };
        if (body === "lost" && left > 1) return "silent";
        return body === "later" && --left > 0 ? { code: "InternalError", message: "Later.", server: true } : undefined;
      },
    });
    const results = await queue.send(["a", "later", "never", "lost"].map((body) => ({ body })));
    assert.deepEqual(results, [
      ok,
      ok,
      { ok: false, reason: "InvalidMessageContents: Not this one.", retryable: false },
      ok,
    ]);
    assert.deepEqual(sends(stub).map(bodiesOf), [["a", "later", "never", "lost"], ["later", "lost"], ["later"]]);
  });

  it("of entries that do not end are told", async () => {
    const [queue, stub] = await open({
      failEntry: ({ MessageBody: body }) =>
        body === "b" ? { code: "RequestThrottled", message: "Slower." } : undefined,
    });
    const results = await queue.send([{ body: "a" }, { body: "b" }]);
    assert.deepEqual(results, [ok, { ok: false, reason: "RequestThrottled: Slower.", retryable: true }]);
    assert.deepEqual(sends(stub).map(bodiesOf), [["a", "b"], ["b"], ["b"], ["b"], ["b"]]);
  });

  it("of a request are those of its entries, and thrown when none got through", async () => {
    const fault = { code: "InternalError", message: "Gone.", server: true };
    const [queue] = await open({ failRequest: (request) => (bodiesOf(request).includes("bad") ? fault : undefined) });
    const results = await queue.send(["bad", ...Array.from({ length: 12 }, () => "good")].map((body) => ({ body })));
    for (const [index, result] of results.entries())
      assert.ok(index < 10 ? !result.ok && result.retryable : result.ok, `${index}`);
    await assert.rejects(queue.send([{ body: "bad" }]), { code: "store-unavailable", retryable: true });
  });

  it("of connections and throttling are tried again", async () => {
    let requests = 0;
    const [queue] = await open({
      failRequest: () => {
        requests++;
        if (requests % 2 === 0) return undefined;
        return requests % 4 === 1 ? null : { code: "ThrottlingException", message: "Rate exceeded" };
      },
    });
    assert.deepEqual(await queue.send([{ body: "a" }]), [ok]);
    const [lease] = await queue.lease(1, { leaseMs: longMs, waitMs: 0 });
    assert.equal(lease?.body, "a");
    assert.deepEqual(await queue.acknowledge([lease.handle]), [ok]);
    assert.deepEqual(await queue.counts(), { visible: 0, leased: 0, delayed: 0 });
  });

  it("are told in words", async () => {
    const [denied] = await open({
      failRequest: () => ({
        code: "AccessDeniedException",
        message:
          "User: arn:aws:iam::1:user/x is not authorized to perform: sqs:receivemessage on resource: arn:aws:sqs:us-east-1:1:q",
      }),
    });
    await assert.rejects(denied.lease(1, { leaseMs: longMs, waitMs: 0 }), (error: SpotfoldError) => {
      assert.equal(error.code, "access-denied");
      assert.match(error.message, /arn:aws:iam::1:user\/x may not sqs:receivemessage on arn:aws:sqs:us-east-1:1:q/);
      assert.match(error.hint ?? "", /"Effect":"Allow"/);
      return true;
    });
    const stub = await startSqsStub();
    const gone = sqsQueue({
      client: sqsClient(stub.endpoint),
      url: `${stub.endpoint}/1/gone-jobs`,
      name: "sqs://gone",
    });
    for (const call of [
      async () => await gone.counts(),
      async () => await gone.send([{ body: "a" }]),
      async () => await gone.lease(1, { leaseMs: longMs, waitMs: 0 }),
      async () => await gone.acknowledge(["sqs:a"]),
    ])
      await assert.rejects(call, { code: "no-such-store", message: /sqs:\/\/gone is not there/ });
  });
});

describe("SqsJobQueue: groups", () => {
  const fault = { code: "InvalidParameterValue", message: "Value g for parameter MessageGroupId is invalid." };
  const grouped = ({ entries }: StubRequest): boolean =>
    entries.some(({ MessageGroupId: group }) => group !== undefined);
  const message = { body: "a", group: "run-1" };

  it("go with their messages, as they are where SQS takes the name, else hashed", async () => {
    const [queue, stub] = await open();
    await queue.send([message, { body: "b", group: "a b" }, { body: "c" }, { body: "d", group: "x".repeat(129) }]);
    const [first, second, third, fourth] = sends(stub)[0]?.entries.map(({ MessageGroupId: group }) => group) ?? [];
    assert.deepEqual([first, third], ["run-1", undefined]);
    assert.match(`${second} ${fourth}`, /^[0-9a-f]{64} [0-9a-f]{64}$/);
    assert.notEqual(second, fourth);
  });

  for (const [where, options] of [
    ["each entry", { failEntry: ({ MessageGroupId: group }) => (group === undefined ? undefined : fault) }],
    ["the request", { failRequest: (request) => (grouped(request) ? fault : undefined) }],
  ] as const satisfies readonly (readonly [string, StubOptions])[]) {
    it(`are left out for good when the queue refuses them for ${where}`, async () => {
      const [queue, stub] = await open(options);
      const many = Array.from({ length: 45 }, () => message);
      assert.ok((await queue.send(many)).every((result) => result.ok));
      assert.equal((await leaseAll(queue)).length, many.length, "and none is sent twice");
      const before = stub.requests.length;
      assert.deepEqual(await queue.send([message]), [ok]);
      assert.deepEqual(stub.requests.slice(before).map(grouped), [false]);
    });
  }
});

describe("SqsJobQueue: leases", () => {
  it("that are over are yes, also where the server thinks them an error", async () => {
    const [queue] = await open({ staleFails: true });
    await queue.send([{ body: "a" }, { body: "b" }]);
    const leases = await queue.lease(10, { leaseMs: longMs, waitMs: 0 });
    const handles = leases.map(({ handle }) => handle);
    assert.deepEqual(await queue.acknowledge(handles.slice(0, 1)), [ok]);
    assert.deepEqual(await queue.acknowledge(handles), [ok, ok]);
    assert.deepEqual(await queue.extend(handles.map((handle) => ({ handle, leaseMs: 1_000 }))), [ok, ok]);
    assert.deepEqual(await queue.release(handles.map((handle) => ({ handle, delayMs: 0 }))), [ok, ok]);
    assert.deepEqual(await leaseAll(queue), []);
  });

  it("that are over do not spoil those of the same request", async () => {
    const stale = { code: "ReceiptHandleIsInvalid", message: "" };
    const isStale = (handle: unknown): boolean => String(handle).endsWith("gone");
    const [queue, stub] = await open({
      failRequest: ({ entries }) => (entries.some((entry) => isStale(entry.ReceiptHandle)) ? stale : undefined),
    });
    await queue.send(["a", "b", "c"].map((body) => ({ body })));
    const leases = await queue.lease(10, { leaseMs: longMs, waitMs: 0 });
    const handles = leases.map(({ handle }) => handle).toSpliced(1, 0, "sqs:gone");
    assert.deepEqual(await queue.acknowledge(handles), [ok, ok, ok, ok]);
    assert.ok(stub.requests.filter(({ action }) => action === "DeleteMessageBatch").length > 1);
    assert.deepEqual(await queue.counts(), { visible: 0, leased: 0, delayed: 0 });
  });

  it("travel in whole seconds, never shorter than asked", async () => {
    const [queue, stub] = await open();
    await queue.send([{ body: "a", delayMs: 1 }]);
    assert.equal(sends(stub)[0]?.entries[0]?.DelaySeconds, 1);
    const [lease] = await queue.lease(25, { leaseMs: 1_001, waitMs: 1_500 });
    assert.deepEqual(
      { ...stub.requests[1]?.input, QueueUrl: "" },
      {
        QueueUrl: "",
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 2,
        WaitTimeSeconds: 2,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      },
    );
    assert.equal(lease?.receiveCount, 1);
    await queue.lease(1, { leaseMs: 0, waitMs: 0 });
    assert.equal(stub.requests.at(-1)?.input["WaitTimeSeconds"], 1, "else SQS asks only some of its servers");
    assert.deepEqual(await queue.extend([{ handle: lease.handle, leaseMs: 43_200_000 }]), [ok]);
    assert.equal(stub.requests.at(-1)?.entries[0]?.VisibilityTimeout, 43_200);
  });

  it("that come after their caller went away are given back at once", async () => {
    const [queue] = await open();
    const abort = new AbortController();
    const leaving = queue.lease(10, { leaseMs: longMs, waitMs: 20_000, signal: abort.signal });
    await sleep(50);
    abort.abort(new Error("enough"));
    await assert.rejects(leaving, { message: "enough" });
    await queue.send([{ body: "a" }]);
    const [lease] = await queue.lease(1, { leaseMs: longMs, waitMs: 5_000 });
    assert.deepEqual([lease?.body, lease?.receiveCount], ["a", 2]);
  });

  it("that are on their way when the queue closes are given back", async () => {
    const [queue, stub] = await open();
    const waiting = queue.lease(10, { leaseMs: longMs, waitMs: 20_000 });
    await sleep(50);
    const closed = queue.close();
    assert.deepEqual(await waiting, []);
    await queue.send([{ body: "a" }]);
    await closed;
    const url = String(stub.requests[0]?.input["QueueUrl"]);
    const [lease] = await sqsQueue({ client: sqsClient(stub.endpoint), url }).lease(1, { leaseMs: longMs, waitMs: 0 });
    assert.deepEqual([lease?.body, lease?.receiveCount], ["a", 2]);
  });

  it("hold up no end for longer than a second", async () => {
    const [queue] = await open();
    void queue.lease(10, { leaseMs: longMs, waitMs: 20_000 });
    await sleep(50);
    const start = performance.now();
    await queue.close();
    const tookMs = performance.now() - start;
    assert.ok(tookMs > 900 && tookMs < 2_000, `${tookMs} ms`);
    assert.deepEqual(await queue.lease(1, { leaseMs: longMs, waitMs: 20_000 }), []);
  });
});
