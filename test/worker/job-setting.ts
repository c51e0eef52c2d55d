/** What the tests of one leased job share: a worker's surroundings, one delivery at a time, and what becomes of its message. */
import assert from "node:assert/strict";
import type { Fault, JobOutcome } from "../../executor/types.ts";
import type { AttemptEnd } from "../../shared/formats/attempt.ts";
import type { JobMessage } from "../../shared/formats/message.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { workerStatusSchema } from "../../shared/formats/worker-status.ts";
import { workerKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { WorkerContext } from "../../worker/context.ts";
import type { JobEnd } from "../../worker/job-types.ts";
import { handleLease } from "../../worker/job.ts";
import { LeaseKeeper } from "../../worker/leases.ts";
import { Reach } from "../../worker/reach.ts";
import { Room } from "../../worker/room.ts";
import { RunRecords } from "../../worker/run-records.ts";
import { StatusWriter } from "../../worker/status.ts";
import { WorkerSetting } from "./setting.ts";

export const fault = (cause: Fault["cause"], change: Partial<Fault> = {}): Fault => ({
  cause,
  reason: cause,
  message: `by ${cause}`,
  ...change,
});

/** Nothing was achieved. */
export const failed = (ended: Fault | null, faults: readonly Fault[] = []): JobOutcome => ({
  reports: [],
  faults,
  ended,
  segment: null,
  log: new Uint8Array(),
});

export class Handling {
  readonly setting = new WorkerSetting();
  readonly drain = new AbortController();
  readonly status: string[] = [];
  readonly #writer = new StatusWriter(this.setting.context(), new Reach(this.setting.context()));
  context: WorkerContext = this.setting.context();

  /** Sends the message and handles the one delivery of it that comes. */
  async handle(body: JobMessage | string): Promise<JobEnd> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    await this.setting.jobs.send([{ body: text }]);
    return await this.again();
  }

  async again(): Promise<JobEnd> {
    const [lease] = await this.setting.jobs.lease(1, { leaseMs: 120_000, waitMs: 0 });
    assert.ok(lease !== undefined, "a message is visible");
    const services = {
      context: this.context,
      keeper: new LeaseKeeper(this.context),
      room: new Room(),
      runs: new RunRecords(this.context.store),
      drain: this.drain.signal,
      status: {
        read: () => undefined,
        failed: (cause: AttemptEnd["cause"]) => this.#writer.failed(cause),
        started: (job: string) => void this.status.push(`started ${job}`),
        ended: (job: string) => void this.status.push(`ended ${job}`),
      },
      read: () => undefined,
    };
    return await handleLease(services, lease, this.setting.clock.monotonic());
  }

  /** Attempts that the worker's status counts as failed. Once: it says that the worker has ended. */
  async failures(): Promise<number | undefined> {
    await this.#writer.loop(AbortSignal.abort());
    const blob = await readAll(this.setting.store, workerKey("w1"));
    return blob === null ? undefined : parseStored(workerKey("w1"), blob.bytes, workerStatusSchema).failed;
  }

  /** Where the message is now: deleted, or visible after so many ms. */
  async message(): Promise<"deleted" | number> {
    const { jobs, clock } = this.setting;
    const { visible, delayed, leased } = await jobs.counts();
    assert.equal(leased, 0, "no lease is left to run out");
    if (visible + delayed === 0) return "deleted";
    const start = clock.monotonic();
    while ((await jobs.counts()).visible === 0) await clock.advance(500);
    return clock.monotonic() - start;
  }
}

export async function submitted(): Promise<Handling> {
  const handling = new Handling();
  await handling.setting.submit();
  return handling;
}
