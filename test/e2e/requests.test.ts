/**
 * What a job costs in requests: real processes over S3 and SQS, each request counted on its way, children's too. Printed:
 * the table, and what it comes to at list prices.
 *
 *   by job       what grows with the jobs: at most 3 PUT, 105 GET (and HEAD) and 5 of SQS for one of 100 blocks
 *   by worker    heartbeats, statuses, polls of an empty queue: bounded by the minute
 *   by master    passes and commits, which gather whatever jobs there are: bounded by the minute
 *   by run       the bundle, the run's record
 *   at start     the probe of the store, the URLs of the queues
 *   by caller    `submit --wait`
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compareTexts } from "../../shared/segment/order.ts";
import { startCountingProxy, type Counted, type CountingProxy } from "../support/counting-proxy.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { jsonOf, spotfold, startSpotfold } from "./spotfold.ts";

/** One worker of one slot gets four jobs (master/plan/cut.ts). */
const jobs = 4;
const blocksOfJob = 100;
/** Of ./spotfold.ts: so long is a minute of the settings in the test. */
const minuteMs = 60_000 * 0.1;
/** List prices, USD for a million requests. */
const prices = { put: 5, get: 0.4, sqs: 0.4 };

type Share = "job" | "worker" | "master" | "run" | "start" | "caller";
type Kind = keyof typeof prices;

/** The first that fits `<who> <operation> <what>` counts; a request of a worker that fits none fails the test. */
const shares: readonly (readonly [RegExp, Share])[] = [
  [/^SUBMIT /, "caller"],
  [/ (?:GetQueueUrl|\w+ probe|\w+ bucket)/, "start"],
  [/^WORKER GetQueueAttributes/, "start"],
  [/^WORKER GET (?:bundles|inputs|run\.json)/, "run"],
  [/^WORKER (?:GET blocks|PUT record|PUT segment|PUT log|HEAD resolutions|PUT resolutions|GET hold\.json)/, "job"],
  [/^WORKER (?:ReceiveMessage some-jobs|DeleteMessageBatch some-jobs|SendMessageBatch some-ready)/, "job"],
  [/^WORKER (?:ChangeMessageVisibilityBatch|PUT workers|ReceiveMessage, empty)/, "worker"],
  [/^MASTER (?:GET resolutions|GET segment)/, "job"],
  [/^MASTER (?:SendMessageBatch some-jobs|ReceiveMessage some-ready|DeleteMessageBatch some-ready)/, "job"],
  [/^MASTER /, "master"],
];

/** Where a key lies, without names that each run, job and attempt has of its own. */
function whatOf(on: string, buckets: ReadonlyMap<string, string>): string {
  const [first = "", ...key] = on.split("/");
  const bucket = buckets.get(first);
  if (bucket === undefined) return on;
  const [top = "", , third = ""] = key;
  if (key.length === 0) return "bucket";
  if (bucket !== "store") return bucket;
  if (top === "runs") return third;
  if (top !== "aggregates") return top;
  return third === "attempts" ? (key.at(-1) ?? "") : third === "" ? top : third;
}

function kindOf({ operation }: Counted): Kind {
  if (/^[A-Z]+$/.test(operation)) return operation === "GET" || operation === "HEAD" ? "get" : "put";
  return "sqs";
}

describe("what a job costs in requests", function requestsSuite() {
  needs("moto");
  this.timeout(600_000);

  let moto: Moto;
  let proxy: CountingProxy;
  /** `<who> <operation> <what>` and how often, of each share. */
  const table = new Map<Share, Map<string, number>>();
  const totals = { put: 0, get: 0, sqs: 0 };
  const unknown: string[] = [];

  const count = (share: Share, pattern: RegExp): number =>
    [...(table.get(share) ?? [])].reduce((sum, [name, times]) => sum + (pattern.test(name) ? times : 0), 0);

  /** Minutes of the settings from the first to the last request of somebody. */
  const minutes = (who: string): number => {
    const times = proxy.counted.filter((request) => request.who === who).map(({ at }) => at);
    return (Math.max(...times) - Math.min(...times)) / minuteMs;
  };

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
    proxy = await startCountingProxy(moto.endpoint);
    for (const end of ["jobs", "ready"]) await createQueue(sqsClient(moto.endpoint), `some-${end}`);
    const [blocks, store, web] = [
      await newBucket(moto.endpoint),
      await newBucket(moto.endpoint),
      await newBucket(moto.endpoint),
    ];
    await work(blocks, store, web);
    const buckets = new Map(Object.entries({ blocks, store, web }).map(([name, place]) => [place.slice(5), name]));
    for (const request of proxy.counted) {
      const name = `${request.who} ${request.operation}${request.empty ? ", empty" : ""} ${whatOf(request.on, buckets)}`;
      const share = shares.find(([pattern]) => pattern.test(name))?.[1];
      if (share === undefined) {
        unknown.push(name);
        continue;
      }
      const names = table.get(share) ?? new Map<string, number>();
      table.set(share, names.set(name, (names.get(name) ?? 0) + 1));
      if (share === "job") totals[kindOf(request)]++;
    }
    // Of the looks at the hold one belongs to each job; the others come with the heartbeats.
    totals.get -= count("job", / hold\.json/) - jobs;
  });

  after(() => {
    for (const [share, names] of table) {
      console.log(`\n  by ${share}`);
      for (const [name, times] of [...names].toSorted((a, b) => compareTexts(a[0], b[0])))
        console.log(`${String(times).padStart(6)}  ${name}`);
    }
    const [put, get, sqs] = [totals.put / jobs, totals.get / jobs, totals.sqs / jobs];
    const usd = (put * prices.put + get * prices.get + sqs * prices.sqs) / 1e6;
    console.log(`\n  a job of ${blocksOfJob} blocks: ${put} PUT, ${get} GET, ${sqs} of SQS: ${usd.toFixed(7)} USD`);
    console.log(`  1,000,000 blocks: ${((usd * 1e6) / blocksOfJob).toFixed(2)} USD`);
  });

  async function work(blocks: string, store: string, web: string): Promise<void> {
    const data = await openS3(moto.endpoint, blocks);
    const block = gzipSync('{"kind":"a"}\n{"kind":"b"}\n');
    for (let index = 0; index < jobs * blocksOfJob; index++) {
      await data.put(`20260101/${String(index).padStart(4, "0")}.ndjson.gz`, block);
    }
    const folder = tempDir("requests");
    const dataset = { place: blocks, layout: "{date:yyyyMMdd}/", records: "ndjson" };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets: { events: dataset } }));
    const places = { SPOTFOLD_STORE: store, SPOTFOLD_WEB: web, SPOTFOLD_QUEUE: "sqs://some" };
    const as = (who: string) => ({
      env: { ...moto.env, ...places, AWS_ACCESS_KEY_ID: who, AWS_ENDPOINT_URL: proxy.endpoint },
    });
    const daemons = [
      await startSpotfold(folder, ["master"], as("MASTER")),
      await startSpotfold(folder, ["worker"], as("WORKER")),
    ];
    const request = ["counts", "--by", "$.kind", "--data", "events", "--into", "kinds"];
    const ended = await spotfold(folder, ["submit", ...request, "--wait", "--json"], as("SUBMIT"));
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(jsonOf(ended).blocks.covered, jobs * blocksOfJob);
    for (const daemon of daemons) daemon.kill("SIGTERM");
    for (const daemon of daemons) {
      const end = await daemon.waitForEnd(60_000);
      assert.equal(end.code, 0, end.stderr);
    }
  }

  it("is known of every request", () => {
    assert.deepEqual(unknown, []);
    assert.equal(count("job", /^WORKER GET blocks/), jobs * blocksOfJob, "a block is one request");
    assert.equal(count("job", /^WORKER PUT resolutions/), jobs);
  });

  it("is at most 3 PUT, 105 GET and 5 of SQS for 100 blocks", () => {
    assert.ok(totals.put <= 3 * jobs, `${totals.put} PUT`);
    assert.ok(totals.get <= 105 * jobs, `${totals.get} GET`);
    assert.ok(totals.sqs <= 5 * jobs, `${totals.sqs} of SQS`);
  });

  it("has the list of its blocks in its message", () => {
    assert.equal(count("job", /^WORKER \w+ plans/) + unknown.filter((name) => name.includes("plans")).length, 0);
  });

  it("is bounded by the minute in what a worker says and asks besides", () => {
    const at = minutes("WORKER");
    const within = (name: RegExp, perMinute: number, share: Share = "worker"): void => {
      // One more at each end, and one where a job of the time before is still in hand.
      const most = Math.ceil(perMinute * at) + 3 + (share === "job" ? jobs : 0);
      assert.ok(count(share, name) <= most, `${count(share, name)} of ${name.source} in ${at.toFixed(1)} minutes`);
    };
    within(/PUT workers/, 12);
    within(/ChangeMessageVisibilityBatch/, 60 / 25);
    within(/GET hold\.json/, 60 / 25, "job");
    within(/ReceiveMessage, empty/, 60 / 20);
  });

  it("is bounded by the minute in what a master does for all jobs together", () => {
    const at = minutes("MASTER");
    // A pass in `foldMs` / 4 when woken, and another one at once after each that changed something.
    const passes = Math.ceil(24 * at) + 2 * jobs + 4;
    const lists = count("master", / LIST /);
    // Inbox, aggregates and the open run's resolutions; the other loops look at the aggregates, too.
    assert.ok(lists <= 5 * passes, `${lists} lists in ${at.toFixed(1)} minutes`);
    const asked = count("master", /GetQueueAttributes/);
    assert.ok(asked <= Math.ceil(4 * at) + 4, `${asked} looks at the queue in ${at.toFixed(1)} minutes`);
    const commits = count("master", / PUT manifests/);
    assert.ok(commits <= Math.ceil(6 * at) + jobs + 2, `${commits} commits in ${at.toFixed(1)} minutes`);
  });
});
