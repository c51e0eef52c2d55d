import assert from "node:assert/strict";
import {
  arnOf,
  deadQueueIn,
  deadQueueOf,
  isSqsPlace,
  parseSqsPlace,
  receivesMax,
} from "../../../../shared/aws/sqs/place.ts";

describe("places of queues", () => {
  it("name two queues", () => {
    assert.deepEqual(parseSqsPlace("sqs://spot_fold-1"), {
      kind: "names",
      jobs: "spot_fold-1-jobs",
      ready: "spot_fold-1-ready",
    });
  });

  it("may be the URL of the jobs queue, which tells server and region", () => {
    for (const [url, region] of [
      ["https://sqs.eu-west-1.amazonaws.com/123456789012/logs-jobs", "eu-west-1"],
      ["https://sqs.cn-north-1.amazonaws.com.cn/123456789012/logs-jobs", "cn-north-1"],
      ["https://eu-west-1.queue.amazonaws.com/123456789012/logs-jobs", "eu-west-1"],
      ["https://sqs.us-east-2.api.aws/123456789012/logs-jobs", "us-east-2"],
      ["https://vpce-0a1b-c2d3.sqs.us-east-1.vpce.amazonaws.com/123456789012/logs-jobs", "us-east-1"],
      ["http://127.0.0.1:5000/123456789012/logs-jobs", undefined],
      ["http://localhost:9324/queue/logs-jobs", undefined],
    ] as const) {
      assert.deepEqual(parseSqsPlace(url), {
        kind: "urls",
        jobs: url,
        ready: url.replace(/-jobs$/, "-ready"),
        endpoint: new URL(url).origin,
        region,
      });
    }
  });

  it("are refused with what is wrong", () => {
    for (const [text, why] of [
      ["sqs://", /1 to 74/],
      ["sqs://a b", /1 to 74/],
      [`sqs://${"x".repeat(75)}`, /1 to 74/],
      ["sqs://logs.fifo", /1 to 74/],
      ["sqs://spotfold-jobs", /: name it sqs:\/\/spotfold, without -jobs\.$/],
      ["sqs://spotfold-ready", /: name it sqs:\/\/spotfold, without -ready\.$/],
      ["sqs:logs", /neither/],
      ["https://", /neither/],
      ["https://sqs.eu-west-1.amazonaws.com/123456789012/logs", /-jobs/],
      ["https://sqs.eu-west-1.amazonaws.com/123456789012/logs-jobs/", /-jobs/],
      ["https://user:secret@sqs.eu-west-1.amazonaws.com/1/logs-jobs", /no user/],
      ["https://sqs.eu-west-1.amazonaws.com/1/logs-jobs?a=b", /no \?/],
    ] as const) {
      assert.throws(() => parseSqsPlace(text), { code: "usage", message: why }, text);
    }
  });

  it("are told from files by their scheme", () => {
    for (const text of ["sqs://a", "SQS://a", "https://h/a-jobs", "http://h/a-jobs", "sqs:a"])
      assert.ok(isSqsPlace(text));
    for (const text of ["queue.db", "/var/queue.db", "./sqs", "sqs/queue.db"]) assert.ok(!isSqsPlace(text));
  });

  it("have names in policies", () => {
    assert.equal(
      arnOf("https://sqs.eu-west-1.amazonaws.com/123456789012/logs-jobs"),
      "arn:aws:sqs:eu-west-1:123456789012:logs-jobs",
    );
    assert.equal(arnOf("logs-jobs"), "arn:aws:sqs:*:*:logs-jobs");
  });

  it("are told of a redrive policy, whoever's account the dead-letter queue is in", () => {
    const policy = (arn: unknown): string => JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: receivesMax });
    assert.deepEqual(deadQueueIn(policy("arn:aws:sqs:eu-west-1:123456789012:fold-dead")), {
      name: "fold-dead",
      account: "123456789012",
    });
    assert.deepEqual(deadQueueIn(policy("arn:aws-cn:sqs:elasticmq::other")), { name: "other" });
    for (const none of ["", "null", "{}", "not JSON", policy(7), policy("arn:aws:sns:eu-west-1:1:topic")])
      assert.equal(deadQueueIn(none), null, none);
    assert.equal(deadQueueOf("spot_fold-1-jobs"), "spot_fold-1-dead");
  });
});
