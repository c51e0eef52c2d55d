/** Daemons over S3 and SQS: they say how they are, drain at once out of a long poll, and are followed from elsewhere. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HealthReport } from "../../cli/metrics/health.ts";
import type { SampleResult } from "../../cli/sample/make.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import type { Started } from "../support/processes.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { errorOf, jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

const blocks = 8;
const waitMs = 60_000;

/** As unscaled as users have it: a long poll of a worker is 20 s, and that of a master here 19 s. */
const unhurried = { SPOTFOLD_TIMING_SCALE: "1", SPOTFOLD_TIMING_FOLD_MS: "19000" };
/** Far below a long poll, far above what a busy machine needs. */
const drainMsMax = 12_000;
/** Two signals within 400 ms count as one. */
const betweenSignalsMs = 1_000;

/** Each attempt at a job prints one line. */
function writeSpeakingAnalysis(folder: string): string {
  const path = join(folder, "speaking.ts");
  writeFileSync(
    path,
    `import { defineAnalysis } from "spotfold";
let isSaid = false;
export default defineAnalysis<number>({
  name: "speaking",
  key: ["channel"],
  map(record, emit) {
    if (!isSaid) console.log("hello");
    isSaid = true;
    emit([record.block.dimensions["appUpdateChannel"] ?? ""], 1);
  },
  merge: (a, b) => a + b,
});
`,
  );
  return path;
}

describe("spotfold master and worker over S3 and SQS", function daemonsOnAwsSuite() {
  needs("moto");
  this.timeout(500_000);

  let moto: Moto;
  let sample: SampleResult;
  let env: Record<string, string>;
  let queues = 0;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
    sample = await smallSample(join(tempDir("e2e-daemons-aws"), "sample"), blocks, 0.5);
  });

  beforeEach(async () => {
    const name = `daemons-${++queues}`;
    for (const end of ["jobs", "ready", "dead"]) await createQueue(sqsClient(moto.endpoint), `${name}-${end}`);
    env = {
      ...moto.env,
      SPOTFOLD_STORE: await newBucket(moto.endpoint),
      SPOTFOLD_WEB: await newBucket(moto.endpoint),
      SPOTFOLD_QUEUE: `sqs://${name}`,
    };
  });

  async function urlOf(daemon: Started): Promise<string> {
    const [, url = ""] = await daemon.waitFor(/"event":"metrics-listening".*"url":"([^"]+)"/, waitMs);
    return url;
  }

  async function healthOf(url: string): Promise<HealthReport & { readonly code: number }> {
    const response = await fetch(`${url}healthz`);
    return { ...((await response.json()) as HealthReport), code: response.status };
  }

  /** Until it waits for a message, which it does after its first pass, or first of all. */
  async function untilWaiting(url: string): Promise<HealthReport & { readonly code: number }> {
    for (const until = performance.now() + waitMs; performance.now() < until; await sleep(100)) {
      const health = await healthOf(url);
      const waits = ({ name, succeededSecondsAgo }: HealthReport["activities"][number]): boolean =>
        name === "leasing" || (name === "work" && succeededSecondsAgo !== null);
      if (health.activities.some(waits)) return health;
    }
    throw new Error("it does not wait for messages");
  }

  for (const kind of ["master", "worker"] as const) {
    it(`serves the health of a ${kind}, which drains out of a long poll at the first signal`, async () => {
      const daemon = await startSpotfold(tempDir(`e2e-drain-${kind}`), [kind], { env: { ...env, ...unhurried } });
      const url = await urlOf(daemon);
      const health = await untilWaiting(url);
      assert.deepEqual([health.code, health.status, health.daemon, health.why], [200, "ok", kind, []]);
      if (kind === "master") assert.equal(health.role, "leading");
      const metrics = await (await fetch(`${url}metrics`)).text();
      assert.match(metrics, new RegExp(`spotfold_info\\{daemon="${kind}",version="[0-9.]+"\\} 1`));
      const began = performance.now();
      daemon.kill("SIGTERM");
      const ended = await daemon.waitForEnd(waitMs);
      assert.equal(ended.code, 0, ended.stderr);
      assert.ok(performance.now() - began < drainMsMax, `it took ${Math.round(performance.now() - began)} ms`);
      if (kind === "master") assert.match(ended.stderr, /"event":"lease-given-up"/);
    });

    it(`aborts a ${kind} at the second signal, when its store does not answer`, async () => {
      const daemon = await startSpotfold(tempDir(`e2e-abort-${kind}`), [kind], { env: { ...env, ...unhurried } });
      const url = await urlOf(daemon);
      await untilWaiting(url);
      moto.server.kill("SIGSTOP");
      try {
        daemon.kill("SIGTERM");
        await daemon.waitFor(/"event":"daemon-draining"/, waitMs);
        const health = await healthOf(url);
        assert.deepEqual([health.code, health.status, health.why], [503, "draining", ["it drains: SIGTERM"]]);
        await sleep(betweenSignalsMs);
        daemon.kill("SIGTERM");
        const ended = await daemon.waitForEnd(waitMs);
        assert.equal(ended.code, 1, ended.stderr);
        assert.match(ended.stderr, /"event":"daemon-aborting"/);
      } finally {
        moto.server.kill("SIGCONT");
      }
    });
  }

  it("refuses a port that is taken, by its number", async () => {
    const folder = tempDir("e2e-port");
    const first = await startSpotfold(folder, ["worker"], { env });
    const port = new URL(await urlOf(first)).port;
    const refused = await spotfold(folder, ["master", "--metrics-port", port], { env });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, new RegExp(`The port ${port} for /healthz and /metrics is in use`));
  });

  it("goes on with a run whose submitter left, and shows from elsewhere what its attempts did", async () => {
    const folder = tempDir("e2e-left");
    const module = writeSpeakingAnalysis(folder);
    const request = ["submit", module, "--data", sample.data, "--into", "slow", "--wait", "--json"];
    const submitted = await startSpotfold(folder, request, { env });
    const master = await startSpotfold(folder, ["master"], { env });
    const [, run = "", jobsText = ""] = await master.waitFor(
      /"event":"run-admitted".*"run":"([^"]+)".*"jobs":(\d+)/,
      waitMs,
    );
    const jobs = Number(jobsText);
    submitted.kill("SIGINT");
    const left = await submitted.waitForEnd(waitMs);
    assert.equal(left.code, 130, left.stderr);
    assert.match(
      left.stderr,
      new RegExp(`${run} goes on without this command\n {2}to follow it: .* status ${run} --watch`),
    );
    assert.equal(errorOf(left).code, "interrupted");
    assert.match(errorOf(left).hint ?? "", new RegExp(`status ${run} --watch`));

    await startSpotfold(folder, ["worker"], { env });
    const again = await spotfold(folder, request, { env });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(jsonOf(again).blocks.covered, blocks);
    assert.equal(jsonOf(again).run, run, "nothing was submitted twice");

    // From another folder, with nothing but the place of the store.
    const elsewhere = tempDir("e2e-elsewhere");
    const ofRun = await spotfold(elsewhere, ["logs", run], { env });
    assert.equal(ofRun.code, 0, ofRun.stderr);
    const line =
      /^(\S+\/\d{6}) {2}attempt [0-9a-f]{16} {2}\S+Z {2}\S+ {2}the job is resolved\n {4}\{"printed":"hello"\}$/gm;
    const told = [...ofRun.stdout.matchAll(line)];
    assert.equal(told.length, jobs, ofRun.stdout);
    const [, job = ""] = told[0] ?? [];
    const ofJob = await spotfold(elsewhere, ["logs", job], { env });
    assert.equal(ofJob.code, 0, ofJob.stderr);
    assert.equal(ofJob.stdout, `${told[0]?.[0]}\n`);
    const none = await spotfold(elsewhere, ["logs", `${job.slice(0, -6)}999999`], { env });
    assert.match(none.stderr, /there is no (job|attempt at) /);
  });
});
