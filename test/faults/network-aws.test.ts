/**
 * A network that is as bad as networks are, between all processes and S3 and SQS: the published bytes are those of one process
 * on a folder, and no block is missing. One kind of fault at a time; presigned URLs of children go the same way.
 */
import assert from "node:assert/strict";
import { seeded } from "../../jobs/testing/orders.ts";
import type { Call, Fate, Rule } from "../support/fault-proxy.ts";
import { passAll } from "../support/fault-proxy.ts";
import { needs } from "../support/requirements.ts";
import { Cloud, datasetName, drain, withLogs } from "./cloud.ts";
import { definitionsFile } from "./data.ts";
import { assertSamePublished, type Published } from "./published.ts";
import { withJson } from "./site.ts";
import { undisturbed } from "./undisturbed.ts";

const blocksPerCodec = 1;
const recordsPerBlock = 10;
const aggregate = "dashboard";
const analysis = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];
const request = [...analysis, "--into", aggregate];

/** Of moderate length: each is waited for. */
const delayMsMax = 150;
/** Whoever meets one waits for seconds. */
const silencesMost = 12;
/** In each of the tests: fewer would show nothing. */
const faultsMin = 8;

const slowDown = {
  s3: {
    status: 503,
    headers: { "content-type": "application/xml" },
    body: "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
  },
  sqs: {
    status: 400,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ __type: "com.amazonaws.sqs#RequestThrottled", message: "Request is throttled." }),
  },
} as const;

const ownFault = {
  s3: {
    status: 500,
    headers: { "content-type": "application/xml" },
    body: "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>",
  },
  sqs: {
    status: 500,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ __type: "com.amazonaws.sqs#InternalError", message: "We encountered an internal error." }),
  },
} as const;

/** Every n-th call fails, in one of the ways in which calls fail. */
function everyNth(n: number): Rule {
  const float = seeded(n);
  const ways: ((call: Call) => Fate)[] = [
    ({ service }) => ({ answer: slowDown[service] }),
    ({ service }) => ({ answer: ownFault[service] }),
    () => "lose-request",
    () => "lose-reply",
  ];
  return (call) => (call.number % n === 0 ? (ways[Math.floor(float() * ways.length)]?.(call) ?? "pass") : "pass");
}

/** Some calls meet `fate`, no more than `most` in all. */
function some(share: number, seed: number, fate: (float: () => number) => Fate, most = Infinity): Rule {
  const float = seeded(seed);
  let left = most;
  return () => (float() < share && left-- > 0 ? fate(float) : "pass");
}

const faults: Readonly<Record<string, () => Rule>> = {
  "answers that come late": () => some(0.5, 1, (float) => ({ delayMs: float() * delayMsMax })),
  "answers that are cut in the middle": () =>
    some(0.15, 2, (float) => ({ cutReplyAfterBytes: Math.floor(float() * 2_000) })),
  "requests that are cut in the middle": () =>
    some(0.15, 3, (float) => ({ cutRequestAfterBytes: Math.floor(float() * 500) })),
  "replies that are lost after the effect": () => some(0.15, 4, () => "lose-reply"),
  "connections that are half open": () =>
    some(
      0.1,
      5,
      (float) => (float() < 0.5 ? "silence" : { silentAfterBytes: Math.floor(float() * 500) }),
      silencesMost,
    ),
  "every 3rd call failing": () => everyNth(3),
  "every 7th call failing": () => everyNth(7),
  "every 20th call failing": () => everyNth(20),
};

describe("over S3 and SQS, a network with", function badNetwork() {
  this.timeout(500_000);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");
  let cloud: Cloud;
  let data: string;
  let blocks: number;
  let expected: Published;

  before(async () => {
    const sizes = { blocks: blocksPerCodec, records: recordsPerBlock, seed: 11 };
    const prepared = await undisturbed({ name: "network", ...sizes, request: analysis });
    ({ blocks, expected } = prepared);
    cloud = await Cloud.start();
    data = await cloud.upload(prepared.folder);
  });

  for (const [name, ruleOf] of Object.entries(faults)) {
    it(`${name}: the undisturbed bytes are published`, async () => {
      const site = await cloud.site(data);
      const before = cloud.proxy.faults;
      // Starting is done by whoever starts: a daemon that cannot open its store says so and ends.
      const daemons = [
        await site.start(["master"]),
        await site.start(["worker", "--slots", "1"]),
        await site.start(["worker", "--slots", "1"]),
      ];
      for (const daemon of daemons) await daemon.waitFor(/"daemon-started"/, 60_000);
      cloud.proxy.rule = ruleOf();
      await withLogs(daemons, async () => {
        const ended = await site.call(["submit", ...request, "--wait", "--json"]);
        assert.equal(ended.code, 0, ended.stderr + ended.stdout);
        assert.deepEqual(withJson(ended).json.blocks.missing, []);
        assertSamePublished(await site.published(aggregate, blocks), expected);
        assert.ok(cloud.proxy.faults - before >= faultsMin, `${cloud.proxy.faults - before} faults`);
      }).finally(() => (cloud.proxy.rule = passAll));
      await drain(daemons);
    });
  }
});
