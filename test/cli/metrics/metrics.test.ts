/** What daemons count, by the events and calls that they count, and that the documentation lists just that. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "prom-client";
import { Health } from "../../../cli/metrics/health.ts";
import { masterMetrics } from "../../../cli/metrics/master-metrics.ts";
import { boundedLabel } from "../../../cli/metrics/registry.ts";
import { watchedQueue } from "../../../cli/metrics/watched-queue.ts";
import { workerMetrics } from "../../../cli/metrics/worker-metrics.ts";
import type { JobHooks, JobOutcome, JobTask } from "../../../executor/types.ts";
import type { OpenRun } from "../../../shared/formats/ledger.ts";
import { MemoryJobQueue } from "../../../shared/memory/job-queue.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";
import { repositoryRoot } from "../../support/requirements.ts";

const looks = { isLeading: () => true, open: () => [], nowSeconds: () => 1_700_000_000, monotonicSeconds: () => 0 };

async function valueOf(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const line = `${name}${labelText(labels)} `;
  const found = (await registry.metrics()).split("\n").find((text) => text.startsWith(line));
  assert.ok(found !== undefined, `there is no ${line}`);
  return Number(found.slice(line.length));
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Names of metrics in the first cell of tables. */
function documented(): string[] {
  const text = readFileSync(join(repositoryRoot, "docs/metrics.md"), "utf8");
  return [...text.matchAll(/^\| `(spotfold_[a-z_]+)`/gm)].map(([, name = ""]) => name);
}

describe("metrics", () => {
  const worker = (): ReturnType<typeof workerMetrics> =>
    workerMetrics("1.0.0", { slots: 3, monotonicSeconds: () => 0 });

  it("are all documented, and nothing else is; what is not ours is Node's", async () => {
    const registries = [masterMetrics("1.0.0", looks).registry, worker().registry];
    const names = (await Promise.all(registries.map(async (registry) => await registry.getMetricsAsJSON())))
      .flat()
      .map(({ name }) => name);
    const own = new Set(names.filter((name) => name.startsWith("spotfold_")));
    assert.deepEqual(documented().toSorted(), [...own].toSorted());
    assert.deepEqual(
      names.filter((name) => !/^(spotfold|process|nodejs)_/.test(name)),
      [],
    );
  });

  it("have help, base units, and `_total` where they only grow", async () => {
    for (const { registry } of [masterMetrics("1.0.0", looks), worker()]) {
      for (const { name, help, type } of await registry.getMetricsAsJSON()) {
        if (!name.startsWith("spotfold_")) continue;
        assert.ok(help.length > 10, name);
        assert.equal(String(type) === "counter", name.endsWith("_total"), name);
        assert.doesNotMatch(name, /_(ms|milliseconds|minutes|kb|mb|count)(_|$)/, name);
      }
    }
  });

  it("of two daemons in one process know nothing of each other", async () => {
    const [one, other] = [worker(), worker()];
    one.count({ event: "lease-ended", how: "resolved" });
    assert.equal(await valueOf(one.registry, "spotfold_worker_jobs_total", { end: "resolved" }), 1);
    assert.equal(await valueOf(other.registry, "spotfold_worker_jobs_total", { end: "resolved" }), 0);
  });

  it("of a worker follow its jobs, attempts and leases", async () => {
    const clock = new ManualClock();
    const metrics = workerMetrics("1.0.0", { slots: 3, monotonicSeconds: () => clock.monotonic() / 1000 });
    const health = new Health({ daemon: "worker", id: "w", version: "1", clock, scale: 1 });
    const memory = new MemoryJobQueue({ clock, random: seededRandom() });
    const queue = watchedQueue(memory, health, metrics, { heartbeatMs: 25_000, scale: 1 });
    await queue.send([{ body: "a" }, { body: "b" }]);
    const [lease] = await queue.lease(2, { leaseMs: 1_000, waitMs: 0 });
    assert.equal(await valueOf(metrics.registry, "spotfold_worker_leases"), 2);
    assert.deepEqual(
      health.report().activities.map(({ name }) => name),
      ["leasing"],
    );
    await queue.acknowledge([lease?.handle ?? ""]);
    const counts = {
      covered: 4,
      missing: { corrupt: 1 },
      handedOn: 2,
      records: 100,
      rejected: { "not-json": 3 },
      rawBytes: 5_000,
    };
    metrics.count({ event: "job-ended", run: "r", job: "j", how: "resolved", counts });
    metrics.count({ event: "job-ended", run: "r", job: "j", how: "lost" });
    metrics.count({ event: "lease-ended", how: "resolved" });
    metrics.count({ event: "queue-failed", what: "extend", message: "time-out" });
    const expected: readonly (readonly [string, Record<string, string>, number])[] = [
      ["spotfold_worker_leases", {}, 1],
      ["spotfold_worker_jobs_total", { end: "resolved" }, 1],
      ["spotfold_worker_blocks_covered_total", {}, 4],
      ["spotfold_worker_blocks_missing_total", { reason: "corrupt" }, 1],
      ["spotfold_worker_blocks_handed_on_total", {}, 2],
      ["spotfold_worker_records_total", {}, 100],
      ["spotfold_worker_records_rejected_total", { reason: "not-json" }, 3],
      ["spotfold_worker_decoded_bytes_total", {}, 5_000],
      ["spotfold_worker_heartbeat_failures_total", {}, 1],
      ["spotfold_worker_queue_failures_total", { what: "extend" }, 1],
      ["spotfold_log_events_total", { level: "warn", event: "queue-failed" }, 1],
      ["spotfold_log_events_total", { level: "debug", event: "lease-ended" }, 1],
    ];
    for (const [name, labels, value] of expected)
      assert.equal(await valueOf(metrics.registry, name, labels), value, name);
  });

  it("of a worker whose queue does not answer: a heartbeat fails when the next is due, leasing a minute beyond its wait", async () => {
    const clock = new ManualClock();
    const metrics = workerMetrics("1.0.0", { slots: 3, monotonicSeconds: () => clock.monotonic() / 1000 });
    const health = new Health({ daemon: "worker", id: "w", version: "1", clock, scale: 0.5 });
    health.started();
    const memory = new MemoryJobQueue({ clock, random: seededRandom() });
    const never = async (): Promise<never> => await new Promise<never>(() => undefined);
    Object.assign(memory, { lease: never, extend: never });
    const queue = watchedQueue(memory, health, metrics, { heartbeatMs: 12_500, scale: 0.5 });
    void queue.extend([{ handle: "h", leaseMs: 60_000 }]);
    void queue.lease(1, { leaseMs: 60_000, waitMs: 10_000 });
    await clock.advance(12_500);
    assert.deepEqual(health.report().why, []);
    await clock.advance(1);
    assert.deepEqual(health.report().why, ["heartbeat does not end"]);
    await clock.advance(27_499);
    assert.deepEqual(health.report().why, ["heartbeat does not end"]);
    await clock.advance(1);
    assert.deepEqual(health.report().why, ["heartbeat does not end", "leasing does not end"]);
  });

  it("of attempts say how long, how, and how much was read", async () => {
    let now = 0;
    const metrics = workerMetrics("1.0.0", { slots: 1, monotonicSeconds: () => now });
    const outcome: JobOutcome = { reports: [], faults: [], ended: null, segment: null, log: new Uint8Array() };
    const seen: number[] = [];
    const runner = metrics.watch({
      run: async (_task, hooks) => {
        hooks.progress({ blocksDone: 0, bytes: 10, records: 1 });
        hooks.progress({ blocksDone: 1, bytes: 30, records: 2 });
        now = 7;
        assert.equal(await valueOf(metrics.registry, "spotfold_worker_slots_in_use"), 1);
        return outcome;
      },
      release: async () => await Promise.resolve(),
    });
    const hooks = { progress: ({ bytes }: { bytes: number }) => void seen.push(bytes) } as unknown as JobHooks;
    assert.equal(await runner.run({} as JobTask, hooks), outcome);
    assert.deepEqual(seen, [10, 30]);
    assert.equal(await valueOf(metrics.registry, "spotfold_worker_read_bytes_total"), 30);
    assert.equal(await valueOf(metrics.registry, "spotfold_worker_slots_in_use"), 0);
    const name = "spotfold_worker_attempt_duration_seconds";
    assert.equal(await valueOf(metrics.registry, `${name}_sum`, { end: "finished" }), 7);
  });

  it("of a master follow its passes, runs and jobs", async () => {
    let now = 0;
    const run = { jobs: 10, foldedJobs: 4, successors: ["000001.1"] } as unknown as OpenRun;
    const metrics = masterMetrics("1.0.0", { ...looks, open: () => [run], monotonicSeconds: () => now });
    await metrics.watch("work", async () => await Promise.resolve((now = 3)));
    await assert.rejects(metrics.watch("publish", async () => await Promise.reject(new Error("denied"))));
    metrics.count({ event: "run-admitted", run: "r", aggregate: "a", jobs: 10, blocks: 100 });
    metrics.count({ event: "jobs-sent", run: "r", jobs: 10, again: false });
    metrics.count({ event: "jobs-entered", run: "r", jobs: 4 });
    metrics.count({ event: "run-closed", run: "r", state: "finished" });
    metrics.count({ event: "published", aggregate: "a", number: 1, units: 1 });
    const expected: readonly (readonly [string, Record<string, string>, number])[] = [
      ["spotfold_master_passes_total", { loop: "work", outcome: "done" }, 1],
      ["spotfold_master_passes_total", { loop: "publish", outcome: "failed" }, 1],
      ["spotfold_master_pass_duration_seconds_sum", { loop: "work" }, 3],
      ["spotfold_master_last_success_timestamp_seconds", { loop: "work" }, 1_700_000_000],
      ["spotfold_master_runs_admitted_total", {}, 1],
      ["spotfold_master_jobs_sent_total", { again: "false" }, 10],
      ["spotfold_master_jobs_entered_total", {}, 4],
      ["spotfold_master_runs_closed_total", { state: "finished" }, 1],
      ["spotfold_master_runs_open", {}, 1],
      ["spotfold_master_jobs_outstanding", {}, 7],
      ["spotfold_master_publications_total", { outcome: "published" }, 1],
      ["spotfold_master_leading", {}, 1],
    ];
    for (const [name, labels, value] of expected)
      assert.equal(await valueOf(metrics.registry, name, labels), value, name);
  });

  it("keep labels that authors choose within bounds", () => {
    const label = boundedLabel(2);
    assert.deepEqual(["a", "b", "c", "a", "d"].map(label), ["a", "b", "other", "a", "other"]);
  });
});
