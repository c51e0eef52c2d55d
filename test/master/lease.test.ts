/** The masters' lease: who takes it when, with clocks of their own, lost replies, races and pauses. */
import assert from "node:assert/strict";
import { allEvents, type AnyEvent } from "../../cli/compose/log.ts";
import { MasterLease } from "../../master/lease.ts";
import { decideLease, type LeaseLook } from "../../master/lease-step.ts";
import type { DaemonLoop } from "../../shared/daemon.ts";
import { masterLeaseKey } from "../../shared/names.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import type { BlobStore, SwapResult } from "../../shared/ports/blob-store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordLog, type RecordingLog } from "../support/recording-log.ts";

const standbyMs = 20_000;

const look = (change: Partial<LeaseLook>): LeaseLook => ({
  id: "a",
  watched: null,
  found: { etag: "1", master: "b", givenUp: false },
  begunAt: 50_000,
  endedAt: 50_010,
  standbyMs,
  ...change,
});

describe("decideLease", () => {
  it("takes what is free, given up, or has stood still for long enough by the own clock", () => {
    assert.deepEqual(decideLease(look({ found: null })), { do: "take", expected: null, because: "free" });
    const givenUp = { etag: "1", master: "b", givenUp: true };
    assert.deepEqual(decideLease(look({ found: givenUp })), { do: "take", expected: "1", because: "given-up" });
    const since = 50_000 - standbyMs;
    const watched = { etag: "1", since };
    assert.deepEqual(decideLease(look({ watched })), { do: "take", expected: "1", because: "expired" });
    const late = { etag: "1", since: since + 1 };
    assert.deepEqual(
      decideLease(look({ watched: late })),
      { do: "watch", watched: late },
      "the read's own time is not counted",
    );
  });

  it("watches from anew whatever changed, also what it cannot read", () => {
    const watched = { etag: "0", since: 0 };
    assert.deepEqual(decideLease(look({ watched })), { do: "watch", watched: { etag: "1", since: 50_010 } });
    const found = { etag: "1", master: null, givenUp: false };
    assert.deepEqual(decideLease(look({ watched, found })), { do: "watch", watched: { etag: "1", since: 50_010 } });
  });

  it("knows its own", () => {
    const found = { etag: "7", master: "a", givenUp: false };
    assert.deepEqual(decideLease(look({ found })), { do: "lead", etag: "7" });
  });
});

describe("MasterLease", () => {
  interface Running {
    readonly lease: MasterLease;
    readonly log: RecordingLog<AnyEvent>;
    readonly drain: AbortController;
    readonly ended: Promise<void>;
  }

  let clock: ManualClock;
  let store: MemoryBlobStore;

  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryBlobStore({ clock });
  });

  /** Each has a clock of its own where a test says so: that is how one is paused. */
  function startMaster(id: string, through: BlobStore = store, own: ManualClock = clock): Running {
    const log = recordLog<AnyEvent>(allEvents);
    const lease = new MasterLease({ id, store: through, standbyMs, scale: 1, clock: own, log: log.log });
    const [drain, abort] = [new AbortController(), new AbortController()];
    const ended = lease.run({ drain: drain.signal, abort: abort.signal });
    return { lease, log, drain, ended };
  }

  /** The store, with `swap` replaced, and `get` too where that is given. */
  function withSwap(
    swap: (...call: Parameters<BlobStore["swap"]>) => Promise<SwapResult>,
    get: BlobStore["get"] = store.get.bind(store),
  ): BlobStore {
    return Object.assign(Object.create(store) as BlobStore, { get, swap });
  }

  it("lets one lead and the other stand by, however long", async () => {
    const a = startMaster("a");
    await clock.settle();
    const b = startMaster("b");
    for (let i = 0; i < 40; i++) {
      await clock.advance(standbyMs / 8);
      assert.deepEqual([a.lease.role, b.lease.role], ["leading", "standby"]);
    }
    assert.deepEqual(
      b.log.events.map(({ event }) => event),
      ["master-standby"],
    );
    assert.deepEqual(b.log.of("master-standby")[0]?.leader, "a");
  });

  it("takes over within 30 s of a death, and within one look of a drain", async () => {
    const own = new ManualClock();
    const a = startMaster("a", store, own);
    await own.settle();
    const b = startMaster("b");
    for (let i = 0; i < 7; i++) {
      await clock.advance(1_000);
      await own.advance(1_000);
    }
    // From here on the first one's clock stands still: it is dead.
    await clock.advance(25_000 + 1);
    assert.equal(b.lease.role, "leading");
    assert.deepEqual(b.log.of("master-leading"), [{ event: "master-leading", because: "expired", before: "a" }]);
    assert.equal(a.lease.role, "leading", "it does not know yet");

    const c = startMaster("c");
    await clock.settle();
    assert.equal(c.lease.role, "standby");
    b.drain.abort(new Error("SIGTERM"));
    await b.ended;
    assert.equal(b.log.of("lease-given-up").length, 1);
    await clock.advance(standbyMs / 4);
    assert.deepEqual(c.log.of("master-leading"), [{ event: "master-leading", because: "given-up", before: "b" }]);

    // And when it comes back from its pause, it finds that another one leads.
    await own.advance(standbyMs / 4);
    assert.equal(a.lease.role, "standby");
    assert.deepEqual(a.log.of("master-standby"), [{ event: "master-standby", leader: "c" }]);
  });

  it("lets one of two standbys win when both find the lease expired at once", async () => {
    const own = new ManualClock();
    startMaster("a", store, own);
    await own.settle();
    const others = [startMaster("b"), startMaster("c"), startMaster("d")];
    await clock.advance(2 * standbyMs);
    assert.deepEqual(others.map(({ lease }) => lease.role).toSorted(), ["leading", "standby", "standby"]);
    assert.equal(others.flatMap(({ log }) => log.of("master-leading")).length, 1);
  });

  it("goes on leading while replies are lost, and while nothing gets through", async () => {
    let fails: "no" | "reply" | "request" | "refused" = "no";
    const a = startMaster(
      "a",
      withSwap(
        async (...call) => {
          if (fails === "request") throw new Error("connection reset");
          const result = await store.swap(...call);
          if (fails === "reply") throw new Error("the reply was lost");
          // A store that settled its own retry by reading, wrongly: somebody wrote after it.
          return fails === "refused" ? { swapped: false, storeTime: result.storeTime } : result;
        },
        async (...call) => {
          if (fails === "request") throw new Error("connection reset");
          return await store.get(...call);
        },
      ),
    );
    await clock.settle();
    const b = startMaster("b");
    for (const how of ["reply", "refused", "no"] as const) {
      fails = how;
      await clock.advance(2 * standbyMs);
      assert.deepEqual([a.lease.role, b.lease.role], ["leading", "standby"], how);
    }
    fails = "request";
    const toldBefore = a.log.of("lease-failed").length;
    await clock.advance(3 * standbyMs);
    assert.deepEqual([a.lease.role, b.lease.role], ["leading", "leading"], "both, until one can read");
    assert.ok(a.lease.failingMs > 2 * standbyMs && a.log.of("lease-failed").length - toldBefore <= 4);
    fails = "no";
    await clock.advance(standbyMs / 4);
    assert.deepEqual([a.lease.role, b.lease.role], ["standby", "leading"]);
    assert.equal(a.lease.failingMs, 0);
    assert.equal(a.log.of("lease-recovered").at(-1)?.role, "standby");
  });

  it("says of a store that does not answer that it fails, while it waits, leading or standing by", async () => {
    let answers = (): void => undefined;
    let hangs: Promise<void> | null = null;
    const hanging = withSwap(
      async (...call) => {
        await hangs;
        return await store.swap(...call);
      },
      async (...call) => {
        await hangs;
        return await store.get(...call);
      },
    );
    const a = startMaster("a", hanging);
    await clock.settle();
    const b = startMaster("b", hanging);
    await clock.settle();
    hangs = new Promise<void>((resolve) => (answers = resolve));
    await clock.advance(standbyMs / 4 + standbyMs);
    for (const { lease, log } of [a, b]) {
      assert.equal(lease.failingMs, standbyMs);
      const message = "memory: has not answered for 20 s";
      assert.deepEqual(log.of("lease-failed"), [{ event: "lease-failed", role: lease.role, message, failures: 1 }]);
    }
    assert.deepEqual([a.lease.role, b.lease.role], ["leading", "standby"]);
    await clock.advance(6 * standbyMs);
    assert.equal(a.lease.failingMs, 7 * standbyMs);
    assert.deepEqual(
      b.log.of("lease-failed").map(({ failures }) => failures),
      [1, 2, 4],
    );
    hangs = null;
    answers();
    await clock.settle();
    for (const { lease, log } of [a, b]) {
      assert.equal(lease.failingMs, 0);
      assert.deepEqual(
        log.of("lease-recovered").map(({ failures, afterMs }) => [failures, afterMs]),
        [[7, 7 * standbyMs]],
      );
    }
    for (const { drain, ended } of [a, b]) {
      drain.abort(new Error("SIGTERM"));
      await ended;
    }
    assert.equal(clock.sleeping, 0);
  });

  it("leads by a lease that it took without hearing of it, and gives up what it wrote without hearing of it", async () => {
    let lost = true;
    const a = startMaster(
      "a",
      withSwap(async (...call) => {
        const result = await store.swap(...call);
        if (lost) throw new Error("the reply was lost");
        return result;
      }),
    );
    await clock.settle();
    assert.equal(a.lease.role, "standby");
    lost = false;
    await clock.advance(standbyMs / 4);
    assert.deepEqual(a.log.of("master-leading"), [{ event: "master-leading", because: "ours", before: null }]);
    lost = true;
    await clock.advance(standbyMs / 4);
    lost = false;
    a.drain.abort(new Error("SIGTERM"));
    await a.ended;
    const b = startMaster("b");
    await clock.settle();
    assert.equal(b.lease.role, "leading");
  });

  it("takes a lease again that somebody deleted, and one of a newer version that stands still", async () => {
    const a = startMaster("a");
    await clock.settle();
    await store.delete([masterLeaseKey]);
    await clock.advance(standbyMs / 4);
    assert.notEqual(await store.head(masterLeaseKey), null);
    assert.equal(a.log.of("master-leading").length, 1, "nothing is made of it");
    await store.put(masterLeaseKey, Buffer.from('{"format":2,"leader":"x"}'));
    await clock.advance(standbyMs / 4);
    assert.deepEqual(a.log.of("master-standby"), [{ event: "master-standby", leader: null }]);
    await clock.advance(standbyMs + standbyMs / 4);
    assert.equal(a.lease.role, "leading");
  });

  it("ends when a standby cannot look for half an hour, with why", async () => {
    const failing = Object.assign(Object.create(store) as BlobStore, {
      get: async () => await Promise.reject(new Error("denied")),
    });
    const a = startMaster("a", failing);
    const refused = assert.rejects(a.ended, /denied/);
    await clock.advance(1_805_000);
    await refused;
    assert.ok(a.log.of("lease-failed").length < 12, "said more and more rarely");
  });

  it("goes on leading however long its store is away: its passes say when that is enough", async () => {
    let isAway = false;
    const away = async (): Promise<never> => await Promise.reject(new Error("connection refused"));
    const a = startMaster(
      "a",
      withSwap(
        async (...call) => (isAway ? await away() : await store.swap(...call)),
        async (...call) => (isAway ? await away() : await store.get(...call)),
      ),
    );
    await clock.settle();
    isAway = true;
    await clock.advance(2 * 3_600_000);
    assert.equal(a.lease.role, "leading");
    isAway = false;
    await clock.advance(standbyMs / 4);
    assert.deepEqual([a.lease.role, a.lease.failingMs], ["leading", 0]);
    a.drain.abort(new Error("SIGTERM"));
    await a.ended;
  });

  it("asks for little: four requests each `standbyMs`, leading or standing by", async () => {
    let requests = 0;
    const counted: BlobStore = Object.assign(Object.create(store) as BlobStore, {
      get: async (...call: Parameters<BlobStore["get"]>) => {
        requests++;
        return await store.get(...call);
      },
      swap: async (...call: Parameters<BlobStore["swap"]>) => {
        requests++;
        return await store.swap(...call);
      },
    });
    const [a, b] = [startMaster("a", counted), startMaster("b", counted)];
    await clock.advance(standbyMs);
    requests = 0;
    await clock.advance(100 * standbyMs);
    assert.ok(requests >= 2 * 400 - 2 && requests <= 2 * 400 + 2, `${requests}`);
    assert.notEqual(a.lease.role, b.lease.role);
  });

  it("runs loops while it leads, ends them when the lead is lost, and makes them anew", async () => {
    const own = new ManualClock();
    const a = startMaster("a", store, own);
    const seen: string[] = [];
    const loop = a.lease.whileLeading("work", (lost): DaemonLoop => ({
      name: "work",
      run: async (stop) => {
        seen.push("begin");
        await new Promise<void>((resolve) => stop.drain.addEventListener("abort", () => resolve()));
        seen.push(lost.aborted ? "lost" : "drained");
      },
    }));
    const running = loop.run({ drain: a.drain.signal, abort: new AbortController().signal });
    await own.settle();
    assert.deepEqual(seen, ["begin"]);
    const b = startMaster("b");
    await clock.advance(2 * standbyMs);
    await own.advance(standbyMs / 4);
    assert.deepEqual(seen, ["begin", "lost"]);
    b.drain.abort(new Error("SIGTERM"));
    await b.ended;
    await own.advance(standbyMs / 4);
    assert.deepEqual(seen, ["begin", "lost", "begin"]);
    a.drain.abort(new Error("SIGTERM"));
    await Promise.all([running, a.ended]);
    assert.equal(seen.length, 4);
  });

  it("ends loops that wait for a lead, when it is drained", async () => {
    startMaster("a");
    await clock.settle();
    const b = startMaster("b");
    const loop = b.lease.whileLeading("work", () => assert.fail("it does not lead"));
    const running = loop.run({ drain: b.drain.signal, abort: new AbortController().signal });
    await clock.advance(standbyMs);
    b.drain.abort(new Error("SIGTERM"));
    await Promise.all([running, b.ended]);
  });
});
