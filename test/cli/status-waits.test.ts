/** `spotfold status` of what waits: runs that no master could admit, what of an open run waits for one; and of what has ended. */
import assert from "node:assert/strict";
import { aggregatesOf } from "../../cli/compose/look.ts";
import { readRuns, readStatus, type StatusReport, type Target } from "../../cli/report/status.ts";
import { statusText } from "../../cli/report/status-text.ts";
import { submittedAtOf } from "../../cli/submit/run-id.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { encodeMasterLease } from "../../shared/formats/lease.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { encodeWorkerStatus } from "../../shared/formats/worker-status.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import {
  holdKey,
  inboxKey,
  inboxPrefix,
  masterLeaseKey,
  resolutionKey,
  runKey,
  sentKey,
  workerKey,
} from "../../shared/names.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";
import { admitted, held, specOf, submitted } from "./work-store.ts";

const plan = "r1.0123456789ab";

describe("spotfold status of what waits", () => {
  let store: MemoryBlobStore;
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryBlobStore({ clock });
  });

  const reportOf = async (only: Target | null = null): Promise<StatusReport> => {
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    return await readStatus(look, async () => ["a"], only, { statusMs: 30_000, standbyMs: 20_000 });
  };
  const textOf = async (only: Target | null = null): Promise<string> =>
    statusText(await reportOf(only), { command: ["npx", "spotfold"], flags: ["--store", "s3://w", "--queue", "q.db"] });
  const lead = async (): Promise<void> => {
    const lease = { format: 1, master: "m1", givenUp: false, renewal: 1, at: 0 } as const;
    await store.put(masterLeaseKey, encodeMasterLease(lease));
  };

  it("says why a master could not admit a run, and what would cure that", async () => {
    await submitted(store, specOf("r1"));
    const waits = { what: "There is no folder /data.\n", where: "dataset d in /data", code: "no-such-store", since: 5 };
    const hint = "Bring it back.";
    await store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "a", waits: { ...waits, hint } }));
    await lead();
    assert.match(
      await textOf(),
      /^r1 {2}waits for a master, for a;.*\n {4}a master could not admit it: There is no folder \/data\.\\x0a\n {4}dataset d in \/data\. Bring it back\.\n {4}to give it up: npx spotfold cancel r1 --store s3:\/\/w --queue q\.db$/m,
    );
    const [line] = (await reportOf()).inbox;
    assert.deepEqual([line?.analysis, line?.held?.kind, line?.held?.since], ["counts", "admission", 5]);
  });

  it("shows a run of a newer format with what its entry says", async () => {
    await store.put(runKey("r1"), encodeStored({ format: 9 }));
    await store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "a" }));
    const { inbox, unreadable } = await reportOf();
    assert.deepEqual(inbox, [{ run: "r1", aggregate: "a", analysis: null, submittedAt: null, held: null }]);
    assert.equal(unreadable[0]?.what, "run r1");
    const waits = { what: "run.json has format 9", where: "runs/r1/run.json", code: "invalid-format", since: 5 };
    const entry = { format: 1, run: "r1", aggregate: "a", waits: { ...waits, hint: "Update." } };
    await store.put(inboxKey("r1"), encodeStored(entry));
    assert.match(
      await textOf(),
      /^ {4}a master could not admit it: run\.json has format 9\n {4}runs\/r1\/run\.json\. Update\.$/m,
    );
    assert.doesNotMatch(await textOf(), /to give it up/, "cancel cannot read it either");
  });

  it("shows a run once that is admitted while it looks", async () => {
    await admitted(store, specOf("r1"), 2);
    await submitted(store, specOf("r1"));
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    const { aggregates, inbox } = await readRuns(look, async () => ["a"], null, { isLed: true });
    assert.deepEqual([aggregates[0]?.runs.length, inbox.length], [1, 0]);
  });

  it("shows a run that is admitted into a new aggregate while it looks", async () => {
    await submitted(store, specOf("r1"));
    const list = store.list.bind(store);
    store.list = async function* admitThenList(prefix, options) {
      if (prefix === inboxPrefix) await admitted(store, specOf("r1"), 2);
      yield* list(prefix, options);
    };
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    const { aggregates } = await readRuns(look, async () => await aggregatesOf(store), null, { isLed: true });
    assert.deepEqual(
      aggregates.flatMap(({ runs }) => runs.map(({ run }) => run)),
      ["r1"],
    );
  });

  it("says what waits for a master where none leads, and how to start one on these stores", async () => {
    await store.put(runKey("r1"), encodeStored(specOf("r1")));
    await admitted(store, specOf("r1"), 3);
    const start = /^ {2}to start one.*: npx spotfold master --store s3:\/\/w --queue q\.db$/m;
    assert.match(await textOf(), /^ {4}3 jobs wait for a master to send them$/m);
    assert.match(await textOf(), start);
    assert.doesNotMatch(await textOf(), /spotfold worker/, "none has anything to do");
    // The cursor is written each 1,000 jobs: what has an end was sent before it.
    const ends = ["000000", "000002"].map((job) => resolutionKey("a", plan, job));
    for (const end of ends) await store.put(end, Buffer.from("{}"));
    assert.match(
      await textOf(),
      /^ {4}outputs of 2 jobs wait for a master to enter them\n {4}1 job waits for a master/m,
    );
    await store.put(resolutionKey("a", plan, "000001"), Buffer.from("{}"));
    assert.match(await textOf(), /^ {4}outputs of 3 jobs wait for a master to enter them$/m);
    assert.doesNotMatch(await textOf(), /for a master to send them/);
    await store.delete([...ends, resolutionKey("a", plan, "000001")]);
    await store.put(sentKey("r1"), encodeStored({ format: 1, plan, next: 3 }));
    assert.match(await textOf(), /^no worker is alive\n {2}to start one: npx spotfold worker --store/m);
    for (const job of ["000000", "000001", "000002"]) await store.put(resolutionKey("a", plan, job), Buffer.from("{}"));
    assert.match(await textOf(), /^ {4}outputs of 3 jobs wait for a master to enter them$/m);
    assert.doesNotMatch(await textOf(), /spotfold worker/);
    await lead();
    assert.doesNotMatch(await textOf(), /wait for a master|spotfold master/);
    assert.equal((await reportOf()).aggregates[0]?.runs[0]?.awaits, null);
    await clock.advance(60_000);
    assert.match(await textOf(), start, "it was killed");
  });

  it("reads the entry of the run that is asked for alone, and all others at once", async () => {
    for (let run = 1; run <= 50; run++) await submitted(store, specOf(`r${run}`));
    const get = store.get.bind(store);
    const asked: string[] = [];
    let [now, most] = [0, 0];
    store.get = async (...words) => {
      asked.push(words[0]);
      most = Math.max(most, ++now);
      try {
        return await get(...words);
      } finally {
        now--;
      }
    };
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    const none = async (): Promise<readonly string[]> => [];
    const one = await readRuns(look, none, { aggregate: "a", run: "r7" }, { isLed: true });
    assert.deepEqual([one.inbox.map(({ run }) => run), asked.toSorted()], [["r7"], [inboxKey("r7"), runKey("r7")]]);
    const all = await readRuns(look, none, null, { isLed: true });
    const listed = Array.from({ length: 50 }, (_, index) => `r${index + 1}`).toSorted();
    assert.deepEqual(
      all.inbox.map(({ run }) => run),
      listed,
    );
    assert.ok(most >= 16, `${most}`);
  });

  it("shows the others where a time is none that a calendar has", async () => {
    await submitted(store, specOf("r1", { submittedAt: 9e15 }));
    await submitted(store, specOf("r2"));
    assert.match(await textOf(), /^r1 {2}waits .*; submitted \?\nr2 {2}waits .*; submitted 1970-/m);
  });

  it("says so of a run that is entered and not closed", async () => {
    await admitted(store, specOf("r1"), 1);
    await store.put(sentKey("r1"), encodeStored({ format: 1, plan, next: 1 }));
    await new Ledger(store, seededRandom()).commit("a", ({ manifest }) => {
      if (manifest === null) throw new Error("it is there");
      const totals = { covered: 1, missing: 0, records: 1, rejected: {} };
      const entry = { job: "000000", segment: null, units: [], groups: 0, failed: false, totals };
      const entered = ledgerRules.enter(manifest, plan, [entry], null);
      return { manifest: entered.outcome === "changed" ? entered.manifest : null, result: null };
    });
    assert.match(await textOf(), /^ {4}all is entered: it waits for a master to close it$/m);
  });

  it("lists those that ended last first, with their times, and counts the rest", async () => {
    const idOf = (hour: number): string => `20260102-${String(hour).padStart(2, "0")}0405-0a1b2c3d`;
    for (let hour = 1; hour <= 7; hour++) {
      await clock.advance(60_000);
      await admitted(store, specOf(idOf(hour)), 0);
    }
    const lines = (await textOf()).split("\n").filter((line) => /finished|earlier/.test(line));
    assert.deepEqual(
      lines.map((line) => line.trim().split(" ")[0]),
      [idOf(7), idOf(6), idOf(5), idOf(4), idOf(3), "2"],
    );
    const closed = new Date(clock.now()).toISOString().slice(0, 19).replace("T", " ");
    assert.ok(lines[0]?.endsWith(`; submitted 2026-01-02 07:04:05 UTC, closed ${closed} UTC`), lines[0]);
    assert.equal(lines.at(-1), "  2 earlier runs");
  });

  it("says why the run that was asked for was refused", async () => {
    await admitted(store, specOf("r1"), 0);
    await store.put(runKey("r2"), encodeStored(specOf("r2")));
    await held(store, "r2", { kind: "closed", what: "a is of another lineage", where: "aggregate a", hint: "Rename." });
    const only = { aggregate: "a", run: "r2" };
    assert.match(await textOf(only), /^ {4}the run was refused: a is of another lineage\n {4}aggregate a\. Rename\.$/m);
    assert.equal((await reportOf()).refused, null);
    for (const kind of ["environment", "bundle", "failures"] as const) {
      await held(store, "r2", { kind, what: "w", until: kind === "environment" ? clock.now() + 60_000 : 0 });
      assert.equal((await reportOf(only)).refused, null, kind);
    }
    await store.put(holdKey("r2"), encodeStored({ format: 2 }));
    const { refused, unreadable } = await reportOf(only);
    assert.deepEqual([refused, unreadable.map(({ what }) => what)], [null, [holdKey("r2")]]);
  });

  it("tells jobs that drain from those that are read", async () => {
    const jobs = [`${plan}/000000`, `${plan}/000001`];
    const counts = { slots: 1, resolved: 1, failed: 2 };
    const status = {
      format: 1 as const,
      worker: "w",
      startedAt: 0,
      at: 0,
      jobs,
      draining: [`${plan}/000000`],
      ...counts,
    };
    await store.put(workerKey("w"), encodeWorkerStatus(status));
    assert.match(await textOf(), /1 job done, 2 attempts failed, r1\.\w+\/000000 \(draining\) r1\.\w+\/000001 \(/);
  });
});

describe("a run's id", () => {
  it("says when it was submitted, where the command line made it", () => {
    assert.equal(submittedAtOf("20260102-030405-0a1b2c3d"), Date.UTC(2026, 0, 2, 3, 4, 5));
    for (const id of ["r1", "20261302-030405-0a1b2c3d", "20260102-030405-nightly0", "20260102-030405"])
      assert.equal(submittedAtOf(id), null, id);
  });
});
