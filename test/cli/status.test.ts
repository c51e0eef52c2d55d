/** `spotfold status` where something of one aggregate cannot be read: the others are shown, and why that one is not. */
import assert from "node:assert/strict";
import { readRuns, readStatus, type Target } from "../../cli/report/status.ts";
import { statusText } from "../../cli/report/status-text.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { encodeMasterLease } from "../../shared/formats/lease.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { encodeWorkerStatus } from "../../shared/formats/worker-status.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { headKey, holdKey, inboxKey, masterLeaseKey, runKey, workerKey } from "../../shared/names.ts";
import { zstdCompressSync } from "node:zlib";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";
import { admitted, held, specOf, submitted } from "./work-store.ts";

describe("spotfold status", () => {
  let store: MemoryBlobStore;
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryBlobStore({ clock });
  });

  const textOf = async (names: readonly string[], command = ["spotfold"]): Promise<string> => {
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    return statusText(await readStatus(look, async () => names, null, { statusMs: 30_000, standbyMs: 20_000 }), {
      command,
      flags: ["--store", "s3://w"],
    });
  };

  it("shows all aggregates but those of a newer version, and says that they are", async () => {
    await admitted(store, specOf("r1", { aggregate: "a" }), 2);
    await store.put(headKey("b"), encodeStored({ format: 2 }));
    await store.put("manifest-of-c", zstdCompressSync(JSON.stringify({ format: 3 })));
    await store.put(headKey("c"), encodeStored({ format: 1, number: 1, manifest: "manifest-of-c", epoch: 0 }));
    await store.put(headKey("d"), encodeStored({ format: 1, number: 1, manifest: "gone", epoch: 0 }));
    await admitted(store, specOf("r2", { aggregate: "e" }), 0);
    await store.put(runKey("r3"), encodeStored({ format: 4 }));
    await store.put(inboxKey("r3"), encodeStored({ format: 4 }));
    await submitted(store, specOf("r4"));
    const text = await textOf(["a", "b", "c", "d", "e"]);
    assert.match(text, /^a {2}\(counts, snapshot 1, 0 records\)$/m);
    assert.match(text, /^e {2}\(counts/m);
    assert.match(text, /^aggregate b: written by a newer version of spotfold \(format 2\)$/m);
    assert.match(text, /^aggregate c: written by a newer version of spotfold \(format 3\)$/m);
    assert.match(text, /^aggregate d: gone is named by the head of d and not there$/m);
    assert.match(text, /^run r3: written by a newer version of spotfold \(format 4\)$/m);
    assert.match(text, /^r4 {2}waits for a master, for a; submitted 1970-01-01 00:00:00 UTC$/m);
  });

  it("shows what waits for a master, also into an aggregate that there is not yet, unless asked for another", async () => {
    await admitted(store, specOf("r1", { aggregate: "a" }), 2);
    await submitted(store, specOf("r2", { aggregate: "b" }));
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    const inboxOf = async (only: Target | null): Promise<string[]> =>
      (await readRuns(look, async () => ["a"], only, { isLed: true })).inbox.map(({ run }) => run);
    assert.deepEqual(await inboxOf(null), ["r2"]);
    assert.deepEqual(await inboxOf({ aggregate: "a", run: null }), []);
    assert.deepEqual(await inboxOf({ aggregate: "b", run: null }), ["r2"]);
    assert.deepEqual(await inboxOf({ aggregate: "b", run: "r2" }), ["r2"]);
    assert.deepEqual(await inboxOf({ aggregate: "a", run: "r1" }), []);
  });

  it("shows a run whose hold is of a newer version", async () => {
    await admitted(store, specOf("r1"), 2);
    await store.put(holdKey("r1"), encodeStored({ format: 2 }));
    assert.match(
      await textOf(["a"]),
      /r1 {2}open.*\n {4}held \(unreadable\): written by a newer version .*\(format 2\)/,
    );
  });

  it("does not hide that the store fails", async () => {
    await admitted(store, specOf("r1"), 2);
    store.get = async () => await Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    await assert.rejects(textOf(["a"]), /EIO/);
  });

  it("names commands as the caller calls them, and shows control characters of a hold", async () => {
    await admitted(store, specOf("r1"), 2);
    await held(store, "r1", { kind: "failures", what: "a\u001b[2Jb\nc", hint: "See spotfold logs r1." });
    const text = await textOf(["a"], ["npx", "spotfold"]);
    assert.match(text, /held \(failures\): a\\x1b\[2Jb\\x0ac\n {4}worker w\. See npx spotfold logs r1\.\n/);
  });

  it("says which master leads, by its lease", async () => {
    const lease = { format: 1, master: "m1", givenUp: false, renewal: 1, at: 0 } as const;
    assert.match(await textOf([]), /^no master leads$/m);
    await store.put(masterLeaseKey, encodeMasterLease(lease));
    assert.match(await textOf([]), /^master m1 leads \(0 s ago\)$/m);
    await clock.advance(21_000);
    assert.match(await textOf([]), /^master m1 led, and was last heard of 21 s ago$/m);
    await store.put(masterLeaseKey, encodeMasterLease({ ...lease, givenUp: true }));
    assert.match(await textOf([]), /^no master leads$/m);
    await store.put(masterLeaseKey, encodeStored({ ...lease, format: 2 }));
    assert.match(await textOf([]), /^no master leads$/m);
  });

  it("says of an open run when workers are alive and none has one of its jobs in hand", async () => {
    const idle = /^ {2}r1 {2}open.*\n {4}no worker has one of its jobs in hand/m;
    const lease = { format: 1, master: "m1", givenUp: false, renewal: 1, at: 0 } as const;
    await store.put(masterLeaseKey, encodeMasterLease(lease));
    await admitted(store, specOf("r1"), 2);
    assert.doesNotMatch(await textOf(["a"]), /in hand/, "no worker is alive, which is said");
    const work = async (...jobs: string[]): Promise<void> => {
      const status = { format: 1, worker: "w", startedAt: 0, at: 0, slots: 1, jobs, resolved: 0, failed: 0 } as const;
      await store.put(workerKey("w"), encodeWorkerStatus(status));
    };
    await work();
    assert.match(await textOf(["a"]), idle);
    await work("r10.aaaaaaaaaaaa/000000");
    assert.match(await textOf(["a"]), idle);
    await work("r1.aaaaaaaaaaaa/000000");
    assert.doesNotMatch(await textOf(["a"]), /one of its jobs/);
    await work();
    await held(store, "r1", { kind: "failures", what: "w" });
    assert.doesNotMatch(await textOf(["a"]), /one of its jobs/);
  });

  it("says of records how many were rejected, why", async () => {
    await admitted(store, specOf("r1"), 2);
    const total = async (rejected: Readonly<Record<string, number>>): Promise<void> =>
      await new Ledger(store, seededRandom(9)).commit("a", ({ manifest }) => {
        assert.ok(manifest !== null);
        const open = manifest.open.map((run) => ({ ...run, totals: { ...run.totals, records: 798, rejected } }));
        return { manifest: { ...manifest, open }, result: undefined };
      });
    assert.match(await textOf(["a"]), /^a {2}\(counts, snapshot 1, 0 records\)$/m);
    await total({ "map-threw": 89 });
    assert.match(await textOf(["a"]), /^a {2}\(counts, snapshot 2, 798 records, 89 rejected: map-threw\)$/m);
    assert.match(await textOf(["a"]), /\n {2}r1 .*\n {4}798 records, 89 rejected: map-threw\n/);
    const many = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`r${index}`, 10 - index]));
    await total({ ...many, ["__proto__"]: 1, "\u001b": 20 });
    assert.match(await textOf(["a"]), /70 rejected: \\x1b 20, r0 10, r1 9, r2 8, r3 7, other reasons 16/);
    const look = { store, ledger: new Ledger(store, seededRandom()) };
    const [line] = (await readRuns(look, async () => ["a"], null, { isLed: true })).aggregates;
    assert.deepEqual(line?.rejected.slice(0, 2), [
      { reason: "\u001b", count: 20 },
      { reason: "r0", count: 10 },
    ]);
    assert.ok(line.rejected.some(({ reason }) => reason === "__proto__"));
  });
});
