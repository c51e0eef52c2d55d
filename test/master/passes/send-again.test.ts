/** Messages of several runs that were lost at once, beside others that are not: who is sent again, when, and what is spared. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { MasterContext } from "../../../master/context.ts";
import { withBits } from "../../../master/ledger/bitmap.ts";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { emptyHold } from "../../../master/passes/run-hold.ts";
import { jobsAgain } from "../../../master/passes/send-again.ts";
import { sendPass } from "../../../master/passes/send.ts";
import { SendState } from "../../../master/passes/send-state.ts";
import { jobMessageSchema } from "../../../shared/formats/message.ts";
import { encodeStored, parseStored } from "../../../shared/formats/stored.ts";
import { encodeWorkerStatus } from "../../../shared/formats/worker-status.ts";
import { attemptKey, holdKey, jobId, workerKey } from "../../../shared/names.ts";
import { aggregate, blocksNamed, intercepted, MasterSetting, specOf } from "../setting.ts";

const minuteMs = 60_000;
/** Passes come so often. */
const passMs = 5_000;
/** Between two looks at the queue. */
const lookMs = 15_000;

class Runs {
  readonly setting = new MasterSetting();
  context: MasterContext = this.setting.context({ liveSlots: async () => 2 });
  readonly #state = new SendState();
  readonly #aggregates = new Set<string>();
  /** What was sent: `<run> <send> <job>`, and when. */
  readonly sent = new Map<string, number>();
  #known = 0;

  async admit(run: string, into: string, blocks: number): Promise<this> {
    const keys = Array.from({ length: blocks }, (_, i) => `d=20260101/${run}.${i}`);
    this.setting.catalog = blocksNamed(...keys);
    await admitRun(this.context, specOf(run, { aggregate: into }));
    await this.setting.submit(specOf(run, { aggregate: into }));
    this.#aggregates.add(into);
    return this;
  }

  async plan(run: string, into = aggregate): Promise<string> {
    const { manifest } = await new Ledger(this.setting.store, this.setting.random).read(into);
    return manifest?.open.find((open) => open.run === run)?.plan ?? "";
  }

  /** What a master does in one pass. */
  async pass(): Promise<number> {
    let sent = 0;
    for (const into of this.#aggregates) {
      const base = await new Ledger(this.setting.store, this.setting.random).read(into);
      sent += await sendPass(this.context, this.#state, base);
    }
    return sent;
  }

  /** Workers that take all there is, and do something with it: answer null to lose it, else it is given back for so long. */
  async take(backMs: (run: string) => number | null): Promise<string[]> {
    const { jobs, clock } = this.setting;
    const leases = await jobs.lease(1000, { leaseMs: 20_000, waitMs: 0 });
    const names: string[] = [];
    for (const { body, handle } of leases) {
      const { run, send, job } = parseStored("a message", body, jobMessageSchema);
      names.push(`${run} ${send} ${job}`);
      if (!this.sent.has(names.at(-1) ?? "")) this.sent.set(names.at(-1) ?? "", clock.monotonic());
      const delayMs = backMs(run);
      if (delayMs === null) await jobs.acknowledge([handle]);
      else await jobs.release([{ handle, delayMs }]);
    }
    return names.toSorted();
  }

  /** Passes until something is sent; how long that took. */
  async untilSent(limitMs: number, between: () => Promise<unknown> = async () => {}): Promise<number | null> {
    const { clock } = this.setting;
    const from = clock.monotonic();
    while (clock.monotonic() - from < limitMs) {
      await between();
      if ((await this.pass()) > 0) return clock.monotonic() - from;
      await clock.advance(passMs);
    }
    return null;
  }

  async hold(run: string, kind: "bundle" | "none"): Promise<void> {
    await this.setting.store.put(holdKey(run), encodeStored({ ...emptyHold(run), kind, what: "w", hint: "h" }));
  }

  /** What an attempt writes when it begins. */
  async attempt(run: string, job: string): Promise<void> {
    const key = attemptKey(
      aggregate,
      await this.plan(run),
      job,
      (++this.#known).toString(16).padStart(16, "0"),
      "record",
    );
    await this.setting.store.put(key, Buffer.from("{}"));
  }
}

describe("silent jobs of a long plan", () => {
  it("are those that nobody tried of late, wherever in the plan they are, and entered ones are not looked at", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 1_999 }), { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 1_999 }), { minLength: 0, maxLength: 60 }),
        async (starts, fresh) => {
          const runs = new Runs();
          runs.context = { ...runs.context, liveSlots: async () => 1_000 };
          await runs.admit("gone", aggregate, 2_000);
          const open = new Set(starts.flatMap((start) => Array.from({ length: 130 }, (_, i) => (start + i) % 2_000)));
          const all = Array.from({ length: 2_000 }, (_, i) => i);
          const run = await runs.setting.open("gone");
          const folded = withBits(
            run.folded,
            all.filter((index) => !open.has(index)),
          );
          for (const index of all.filter((index) => index % 7 === 0)) await runs.attempt("gone", jobId(index));
          await runs.setting.clock.advance(20 * minuteMs);
          for (const index of fresh) await runs.attempt("gone", jobId(index));
          let pages = 0;
          const count = (method: string, key: string): void =>
            void (pages += method === "list" && key.includes("/attempts/") ? 1 : 0);
          const context = { ...runs.context, store: intercepted(runs.setting.store, count) };
          const due = await jobsAgain(context, aggregate, { ...run, folded }, { again: "silent", newer: undefined });
          const expected = [...open].filter((index) => !fresh.includes(index)).toSorted((a, b) => a - b);
          assert.deepEqual(due, expected.map(jobId));
          assert.ok(pages <= starts.length + 1, `${pages} lists`);
        },
      ),
      { numRuns: 8 },
    );
  });
});

const named = (run: string, send: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${run} ${send} ${jobId(i)}`);

const lose = (): null => null;

describe("messages of several runs lost at once", () => {
  it("are all sent again in the pass that finds the queue empty for the second time", async () => {
    const runs = await new Runs().admit("p1", aggregate, 4);
    await runs.admit("p2", aggregate, 3);
    await runs.admit("gone", "other", 4);
    assert.equal(await runs.pass(), 11);
    await runs.take(lose);
    const tookMs = await runs.untilSent(10 * minuteMs);
    assert.ok(tookMs !== null && tookMs <= minuteMs + lookMs, `took ${tookMs} ms`);
    assert.deepEqual(await runs.take(lose), [...named("gone", 2, 4), ...named("p1", 2, 4), ...named("p2", 2, 3)]);
    assert.equal(await runs.pass(), 0);
  });

  it("are all sent again, also those of a run that was sent a while after the others", async () => {
    const runs = await new Runs().admit("p1", aggregate, 2);
    await runs.pass();
    await runs.take(lose);
    await runs.pass();
    await runs.setting.clock.advance(lookMs);
    await runs.admit("late", "other", 2);
    await runs.pass();
    await runs.take(lose);
    assert.equal(await runs.untilSent(10 * minuteMs), minuteMs - lookMs);
    assert.deepEqual(await runs.take(lose), [...named("late", 2, 2), ...named("p1", 2, 2)]);
  });

  it("are not sent again twice by one emptiness", async () => {
    const runs = await new Runs().admit("p1", aggregate, 2);
    await runs.admit("gone", "other", 2);
    await runs.pass();
    await runs.take(lose);
    await runs.untilSent(10 * minuteMs);
    const tookMs = await runs.untilSent(10 * minuteMs, async () => await runs.take(lose));
    assert.ok(tookMs !== null && tookMs >= minuteMs, `took ${tookMs} ms`);
  });
});

describe("lost messages of one run beside those of others", () => {
  /** `held` is held, and its messages wander from worker to worker. */
  const besideHeld = async (): Promise<Runs> => {
    const runs = await new Runs().admit("held", aggregate, 4);
    await runs.admit("gone", "other", 4);
    await runs.pass();
    await runs.hold("held", "bundle");
    await runs.take((run) => (run === "held" ? 30_000 : null));
    return runs;
  };
  const wander = (): number => 30_000;

  it("are sent again after two intervals though a held run's keep the queue busy, and the held run's are not", async () => {
    const runs = await besideHeld();
    const tookMs = await runs.untilSent(20 * minuteMs, async () => await runs.take(wander));
    assert.ok(tookMs !== null && tookMs <= 2 * minuteMs + lookMs, `took ${tookMs} ms`);
    assert.deepEqual(
      (await runs.take(wander)).filter((name) => name.includes(" 2 ")),
      named("gone", 2, 4),
    );
  });

  it("grow with the logarithm of time only", async () => {
    const runs = await besideHeld();
    for (let at = 0; at < 120 * minuteMs; at += passMs) {
      await runs.take(wander);
      await runs.pass();
      await runs.setting.clock.advance(passMs);
    }
    const sends = [...runs.sent].filter(([name]) => name.startsWith("gone") && name.endsWith(jobId(0)));
    const minutes = sends.map(([name, at]) => `send ${name.split(" ")[1]} at ${Math.round(at / minuteMs)}`);
    assert.deepEqual(minutes, [
      "send 1 at 0",
      "send 2 at 2",
      "send 3 at 6",
      "send 4 at 14",
      "send 5 at 30",
      "send 6 at 62",
    ]);
  });

  it("of a held run are sent again when its hold is over", async () => {
    const runs = await besideHeld();
    await runs.take(lose);
    await runs.setting.clock.advance(minuteMs);
    await runs.take(lose);
    await runs.untilSent(20 * minuteMs);
    assert.deepEqual(await runs.take(lose), named("gone", 2, 4), "it is held");
    await runs.hold("held", "none");
    const tookMs = await runs.untilSent(20 * minuteMs, async () => await runs.take(lose));
    assert.ok(tookMs !== null && tookMs <= minuteMs + lookMs, `took ${tookMs} ms`);
  });

  it("wait longer while others are visible, by what these take the slots, and as if runs took turns", async () => {
    const tookMs = async (others: number): Promise<number> => {
      const runs = await new Runs().admit("gone", aggregate, 8);
      await runs.pass();
      await runs.take(lose);
      await runs.setting.jobs.send(Array.from({ length: others }, () => ({ body: "{}", group: "other" })));
      return (await runs.untilSent(60 * minuteMs)) ?? Infinity;
    };
    const [few, some, many, more] = [await tookMs(1), await tookMs(4), await tookMs(1_000), await tookMs(5_000)];
    assert.ok(few < some && some < many, `${few} ${some} ${many}`);
    assert.equal(many, more);
    assert.ok(many < 15 * minuteMs, `${many}`);
  });

  it("are told from jobs that back off after a failure, and from those of a worker", async () => {
    const runs = await besideHeld();
    const [plan, status] = [await runs.plan("gone", "other"), { format: 1, startedAt: 0, at: 0, slots: 1 } as const];
    const tried = attemptKey("other", plan, jobId(1), "0123456789abcdef", "record");
    await runs.setting.store.put(tried, Buffer.from("{}"));
    const keep = async (): Promise<void> => {
      const jobs = [`${plan}/${jobId(2)}`];
      const bytes = encodeWorkerStatus({ ...status, worker: "w", jobs, resolved: 0, failed: 0 });
      await runs.setting.store.put(workerKey("w"), bytes);
      await runs.take(wander);
    };
    await runs.untilSent(20 * minuteMs, keep);
    const second = (await runs.take(wander)).filter((name) => name.includes(" 2 "));
    assert.deepEqual(second, [`gone 2 ${jobId(0)}`, `gone 2 ${jobId(3)}`]);
    while (runs.setting.clock.monotonic() < 20 * minuteMs) {
      await runs.untilSent(passMs, keep);
      await runs.setting.clock.advance(passMs);
    }
    const later = [...runs.sent].filter(([name, at]) => at > 0 && name.startsWith("gone"));
    const first = (job: string): number | undefined => later.find(([name]) => name.endsWith(job))?.[1];
    const backedOff = first(jobId(1)) ?? 0;
    assert.ok(backedOff >= 10 * minuteMs, `sent again at ${backedOff} ms`);
    assert.equal(first(jobId(2)), undefined, "a worker has it in hand");
  });

  it("cost one list of the plan's attempts where many are silent, one for each job where few are", async () => {
    for (const [blocks, expected] of [
      [200, 1],
      [20, 20],
    ] as const) {
      const runs = new Runs();
      runs.context = { ...runs.context, liveSlots: async () => 1000 };
      await runs.admit("gone", aggregate, blocks);
      await runs.pass();
      await runs.take(lose);
      await runs.setting.jobs.send([{ body: "{}", delayMs: 900_000 }]);
      let lists = 0;
      const count = (method: string, key: string): void =>
        void (lists += method === "list" && key.includes("/attempts/") ? 1 : 0);
      runs.context = { ...runs.context, store: intercepted(runs.setting.store, count) };
      await runs.untilSent(20 * minuteMs);
      assert.equal((await runs.take(lose)).length, blocks);
      assert.equal(lists, expected);
    }
  });
});
