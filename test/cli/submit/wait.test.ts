/** `submit --wait`: what ends it, with which code, and that it says what it waits for. */
import assert from "node:assert/strict";
import { HeldError } from "../../../cli/held-error.ts";
import { Progress } from "../../../cli/progress/progress.ts";
import type { SelectionReport } from "../../../cli/run/selection.ts";
import { waitForRun, type WaitInput } from "../../../cli/submit/wait.ts";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { encodeWorkerStatus } from "../../../shared/formats/worker-status.ts";
import { inboxKey, workerKey } from "../../../shared/names.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";
import { capturedIo, type CapturedIo } from "../captured-io.ts";
import { admitted, held, specOf, submitted } from "../work-store.ts";

const minuteMs = 60_000;
const timing = { heldMs: minuteMs, statusMs: 30_000, scale: 1 };
const settled: SelectionReport = {
  selected: 1,
  bytes: 1,
  covered: 1,
  stale: [],
  missing: [],
  records: { read: 1, rejected: {} },
  waiting: 0,
  free: 0,
  untried: 0,
};

class Setting {
  readonly clock = new ManualClock();
  readonly store = new MemoryBlobStore({ clock: this.clock });
  readonly captured: CapturedIo = capturedIo("/", { words: ["submit", "counts", "--wait"] });
  /** What small writes meet. */
  fault: SpotfoldError | null = null;
  report: WaitInput["report"] = async (manifest) => ({ ...settled, waiting: manifest?.open.length ?? 0 });
  ended: { readonly report: SelectionReport | null } | { readonly error: unknown } | null = null;

  start(): void {
    const { clock, captured } = this;
    const put = this.store.put.bind(this.store);
    this.store.put = async (key, body) => {
      if (this.fault !== null) throw this.fault;
      return await put(key, body);
    };
    waitForRun({
      store: this.store,
      ledger: new Ledger(this.store, seededRandom()),
      run: "r1",
      aggregate: "a",
      place: "file:/logs",
      timing,
      report: async (manifest) => await this.report(manifest),
      io: captured.io,
      progress: new Progress(captured.io.err, () => clock.monotonic()),
      clock,
      random: seededRandom(2),
    }).then(
      (report) => (this.ended = { report }),
      (error: unknown) => (this.ended = { error }),
    );
  }

  get exitCode(): number | null {
    const { ended } = this;
    return ended !== null && "error" in ended && ended.error instanceof HeldError ? ended.error.exitCode : null;
  }

  /** Lines that tell what is waited for. */
  get told(): string[] {
    return this.captured
      .err()
      .split("\n")
      .filter((line) => line.startsWith("still waiting: "));
  }
}

describe("submit --wait", () => {
  let setting: Setting;

  beforeEach(async () => {
    setting = new Setting();
    await submitted(setting.store, specOf("r1"));
  });

  it("says each minute that no master has admitted the run, and goes on waiting", async () => {
    setting.start();
    await setting.clock.advance(minuteMs - 2_000);
    assert.deepEqual(setting.told, []);
    await setting.clock.advance(2 * minuteMs + 4_000);
    const line =
      "still waiting: no master has admitted r1 yet: is `spotfold master` running on memory:, and may it read file:/logs?";
    assert.deepEqual(setting.told, [line, line, line]);
    assert.equal(setting.ended, null);
    setting.captured.interrupt();
    await setting.clock.settle();
    assert.deepEqual(setting.ended, { report: null });
  });

  /** The store, from now on until told to answer. */
  function hang(): () => void {
    const { store } = setting;
    let answers = (): void => undefined;
    const hangs = new Promise<void>((resolve) => (answers = resolve));
    const [get, head] = [store.get.bind(store), store.head.bind(store)];
    store.get = async (...call) => {
      await hangs;
      return await get(...call);
    };
    store.head = async (...call) => {
      await hangs;
      return await head(...call);
    };
    return answers;
  }

  it("says soon that the store does not answer, and ends with 4 when that took a minute, though the look never ends", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.start();
    await setting.clock.advance(2_000);
    hang();
    await setting.clock.advance(11_000);
    assert.match(setting.captured.err(), /^memory: does not answer; waiting until that is cured$/m);
    assert.equal(setting.ended, null);
    await setting.clock.advance(40_000);
    assert.equal(setting.ended, null);
    await setting.clock.advance(16_000);
    assert.equal(setting.exitCode, 4);
    assert.equal(setting.captured.err().match(/does not answer/g)?.length, 1);
    assert.equal(setting.clock.sleeping, 0);
  });

  it("goes on when the store answers in time, and ends at once when it is interrupted while it does not", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.start();
    await setting.clock.advance(2_000);
    const answers = hang();
    await setting.clock.advance(50_000);
    answers();
    await setting.clock.advance(20_000);
    assert.match(setting.captured.err(), /^memory: answers again; going on$/m);
    assert.equal(setting.ended, null);
    hang();
    await setting.clock.advance(30_000);
    setting.captured.interrupt();
    await setting.clock.settle();
    assert.deepEqual(setting.ended, { report: null });
  });

  it("takes a look for no silence that is long and of a store that answers", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.report = async () => {
      await setting.clock.sleep(3 * minuteMs);
      return settled;
    };
    setting.start();
    await setting.clock.advance(2 * minuteMs);
    assert.equal(setting.captured.err(), "");
    await setting.clock.advance(2 * minuteMs);
    assert.deepEqual(setting.ended, { report: settled });
  });

  it("says why a master could not admit the run", async () => {
    const waits = {
      what: "/logs is not there",
      where: "dataset a in /logs",
      code: "no-such-store",
      hint: "Mend it.",
      since: 0,
    };
    await setting.store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "a", waits }));
    setting.start();
    await setting.clock.advance(minuteMs + 1_000);
    assert.deepEqual(setting.told, [
      "still waiting: no master can admit r1: /logs is not there (dataset a in /logs). Mend it.",
    ]);
  });

  it("ends when all is settled", async () => {
    setting.start();
    await setting.clock.advance(3_000);
    await admitted(setting.store, specOf("r1"), 0);
    await setting.clock.advance(1_000);
    assert.deepEqual(setting.ended, { report: settled });
  });

  it("says when no worker is alive, and when some are", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.start();
    await setting.clock.advance(minuteMs + 1_000);
    assert.match(
      setting.told.at(-1) ?? "",
      /0 of 3 blocks.*; no worker is alive: is `spotfold worker` running on memory:\?/,
    );
    const status = { slots: 1, jobs: [], resolved: 0, failed: 0, startedAt: 0, at: 0 };
    await setting.store.put(workerKey("w1"), encodeWorkerStatus({ format: 1, worker: "w1", ...status }));
    await setting.clock.advance(minuteMs);
    assert.match(setting.told.at(-1) ?? "", /0 of 3 blocks.*; 1 worker is alive$/);
  });

  it("ends with 4 when the environment has held the run for a minute, and shows why before", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    const since = setting.clock.now();
    await held(setting.store, "r1", { since: since + 30_000, until: since + 10 * minuteMs });
    setting.start();
    await setting.clock.advance(minuteMs + 1_000);
    assert.deepEqual(setting.told, ["still waiting: run r1 is held: denied (worker w). allow it"]);
    assert.equal(setting.ended, null);
    await setting.clock.advance(30_000);
    assert.equal(setting.exitCode, 4);
  });

  it("ends with 4 also when a master holds a run that it cannot admit", async () => {
    const since = setting.clock.now();
    await held(setting.store, "r1", { since, until: since + 10 * minuteMs, what: "file:/logs cannot be listed" });
    setting.start();
    await setting.clock.advance(minuteMs + 1_000);
    assert.equal(setting.exitCode, 4);
  });

  it("ends with 1 at once when the bundle or failed jobs hold the run", async () => {
    for (const kind of ["bundle", "failures"] as const) {
      const other = new Setting();
      await admitted(other.store, specOf("r1"), 3);
      await held(other.store, "r1", { kind });
      other.start();
      await other.clock.advance(1_000);
      assert.equal(other.exitCode, 1, kind);
    }
  });

  it("ends with 4 when the store has taken nothing for a minute, also no hold", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.start();
    setting.fault = new SpotfoldError("disk-full", "the disk is full", { hint: "Free some space." });
    await setting.clock.advance(minuteMs);
    assert.match(setting.captured.err(), /the disk is full; waiting until that is cured/);
    assert.equal(setting.ended, null, "not before it was seen for a minute");
    await setting.clock.advance(minuteMs / 2);
    assert.equal(setting.exitCode, 4);
  });

  it("goes on when the store is cured in time", async () => {
    await admitted(setting.store, specOf("r1"), 3);
    setting.start();
    setting.fault = new SpotfoldError("disk-full", "the disk is full");
    await setting.clock.advance(minuteMs);
    setting.fault = null;
    await setting.clock.advance(2 * minuteMs);
    assert.equal(setting.ended, null);
  });

  it("ends with 4 when the store cannot be read for a minute", async () => {
    setting.start();
    const denied = new SpotfoldError("access-denied", "no access");
    setting.store.get = async () => await Promise.reject(denied);
    await setting.clock.advance(minuteMs / 2);
    assert.equal(setting.ended, null);
    await setting.clock.advance(minuteMs);
    assert.equal(setting.exitCode, 4);
  });

  it("fails with the reason when a master refused the run", async () => {
    await held(setting.store, "r1", { kind: "closed", what: "another lineage" });
    await setting.store.delete(["inbox/r1"]);
    setting.start();
    await setting.clock.advance(1_000);
    assert.ok(setting.ended !== null && "error" in setting.ended && setting.ended.error instanceof SpotfoldError);
    assert.deepEqual([setting.ended.error.code, setting.ended.error.message], ["lineage-differs", "another lineage"]);
  });
});
