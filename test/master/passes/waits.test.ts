/** Why a run stays in the inbox: written into its entry once, by whichever master, and gone with the entry. */
import assert from "node:assert/strict";
import { admitPass } from "../../../master/passes/admit.ts";
import { WaitingRuns } from "../../../master/passes/waits.ts";
import type { MasterContext } from "../../../master/context.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { parseInboxEntry, type Waits } from "../../../shared/formats/inbox.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { holdKey, inboxKey, runKey } from "../../../shared/names.ts";
import { readAll } from "../../../shared/read-all.ts";
import { blocksNamed, intercepted, MasterSetting, specOf } from "../setting.ts";

/** Of one master: its passes over a run that fails as `fails` says, and what it writes. */
class Failing {
  readonly setting: MasterSetting;
  readonly waiting = new WaitingRuns();
  readonly calls: string[] = [];
  readonly context: MasterContext;
  fails: SpotfoldError | null;

  constructor(setting: MasterSetting, fails: SpotfoldError | null) {
    this.setting = setting;
    this.fails = fails;
    const store = intercepted(setting.store, (method, key) => void this.calls.push(`${method} ${key}`));
    const blocksOf = async (): Promise<typeof setting.catalog> => {
      if (this.fails !== null) throw this.fails;
      return await Promise.resolve(setting.catalog);
    };
    this.context = setting.context({ store, blocksOf });
  }

  async passes(count = 1, only: string | null = null): Promise<void> {
    for (let pass = 0; pass < count; pass++) await admitPass(this.context, only, this.waiting);
  }

  /** Calls about inbox entries since the last look, listings left out. */
  looked(): string[] {
    const found = this.calls.splice(0).filter((call) => call.includes(" inbox/r1"));
    return found.map((call) => call.split(" ")[0] ?? "");
  }
}

const gone = (words = "There is no folder /data."): SpotfoldError =>
  new SpotfoldError("no-such-store", words, { hint: "Bring it back." });

describe("the reason why a run waits", () => {
  let setting: MasterSetting;

  beforeEach(() => {
    setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
  });

  const waitsOf = async (run = "r1"): Promise<Waits | undefined> => {
    const stored = await readAll(setting.store, inboxKey(run));
    return stored === null ? undefined : parseInboxEntry(run, stored.bytes).waits;
  };

  it("is written once, with place and cure, and goes when the run is admitted", async () => {
    await setting.submit(specOf("r1"));
    const master = new Failing(setting, gone());
    await setting.clock.advance(5_000);
    await master.passes(4);
    assert.deepEqual(master.looked(), ["get", "swap"]);
    const waits = await waitsOf();
    assert.equal(waits?.code, "no-such-store");
    assert.equal(waits.what, "There is no folder /data.");
    assert.match(waits.where, /^dataset data in /);
    assert.match(waits.hint, /^Bring it back\. A master tries again by itself; to give it up, cancel the run\.$/);
    assert.equal(waits.since, setting.clock.now());
    master.fails = null;
    await master.passes();
    assert.deepEqual(await setting.keys("inbox/"), []);
    assert.equal((await setting.open("r1")).blocks, 1);
  });

  it("is replaced by another one after a while, and not by other words of the same", async () => {
    await setting.submit(specOf("r1"));
    const master = new Failing(setting, gone());
    await master.passes();
    const first = await waitsOf();
    master.fails = gone("There is no folder /data, again.");
    await setting.clock.advance(60_000);
    await master.passes(3);
    assert.deepEqual(await waitsOf(), first);
    master.fails = new SpotfoldError("access-denied", "access denied");
    await master.passes(3);
    assert.equal((await waitsOf())?.what, "access denied");
    assert.deepEqual(master.looked(), ["get", "swap", "get", "swap"]);
    master.fails = gone();
    await master.passes(3);
    assert.equal((await waitsOf())?.what, "access denied", "what comes and goes is not written at each pass");
    await setting.clock.advance(16_000);
    await master.passes(3);
    assert.equal((await waitsOf())?.code, "no-such-store");
  });

  const silent = new SpotfoldError("timeout", "silent");

  it("is written in slow turns by two masters that see different ones", async () => {
    await setting.submit(specOf("r1"));
    const [one, other] = [new Failing(setting, gone()), new Failing(setting, silent)];
    const swaps = (master: Failing): number => master.looked().filter((call) => call === "swap").length;
    for (let pass = 0; pass < 60; pass++) {
      await one.passes();
      await other.passes();
      await setting.clock.advance(10_000);
    }
    // 10 minutes: each once at first, and one of them every 5 minutes.
    assert.equal(swaps(one) + swaps(other), 3);
    assert.equal((await waitsOf())?.code, "no-such-store");
  });

  it("is the one that the last of two masters sees, when the other died", async () => {
    for (const survivor of ["one", "other"] as const) {
      setting = new MasterSetting();
      setting.catalog = blocksNamed("d=20260101/a");
      await setting.submit(specOf("r1"));
      const masters = { one: new Failing(setting, gone()), other: new Failing(setting, silent) };
      for (let pass = 0; pass < 3; pass++) {
        await masters.one.passes();
        await masters.other.passes();
      }
      assert.equal((await waitsOf())?.what, "silent");
      await setting.clock.advance(301_000);
      await masters[survivor].passes(3);
      assert.equal((await waitsOf())?.code, survivor === "one" ? "no-such-store" : "timeout");
      assert.ok(masters[survivor].looked().length <= 6, "nothing is read again while the entry is as it was");
    }
  });

  it("is not written into an entry of a newer format, which is read once", async () => {
    await setting.submit(specOf("r1"));
    const newer = encodeStored({ format: 2, run: "r1", aggregate: "agg", waits: { why: "theirs" } });
    await setting.store.put(inboxKey("r1"), newer);
    const master = new Failing(setting, gone());
    await master.passes(3);
    assert.deepEqual(master.looked(), ["get"]);
    assert.deepEqual((await readAll(setting.store, inboxKey("r1")))?.bytes, newer);
    master.fails = null;
    await master.passes();
    assert.deepEqual(await setting.keys("inbox/"), [], "the run is admitted as ever");
  });

  it("keeps what a later version added to the entry", async () => {
    await setting.submit(specOf("r1"));
    await setting.store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "agg", priority: 7 }));
    await new Failing(setting, gone()).passes();
    const stored = await readAll(setting.store, inboxKey("r1"));
    const entry: unknown = JSON.parse(Buffer.from(stored?.bytes ?? []).toString());
    assert.ok(typeof entry === "object" && entry !== null && "priority" in entry && entry.priority === 7);
    assert.equal((await waitsOf())?.code, "no-such-store");
  });

  it("is found by a master that started anew, which writes nothing", async () => {
    await setting.submit(specOf("r1"));
    await new Failing(setting, gone()).passes();
    const again = new Failing(setting, gone());
    await again.passes(3);
    assert.deepEqual(again.looked(), ["get"]);
  });

  it("is written again when a submitter that tried twice put the entry anew", async () => {
    await setting.submit(specOf("r1"));
    const master = new Failing(setting, gone());
    await master.passes(2);
    await setting.store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "agg" }));
    await master.passes(2);
    assert.equal((await waitsOf())?.code, "no-such-store");
  });

  it("does not bring an entry back that was deleted in the moment of writing", async () => {
    await setting.submit(specOf("r1"));
    const master = new Failing(setting, gone());
    const store = intercepted(setting.store, async (method, key) => {
      if (method === "swap" && key === inboxKey("r1")) await setting.store.delete([key]);
    });
    await admitPass({ ...master.context, store }, null, master.waiting);
    assert.deepEqual(await setting.keys("inbox/"), []);
  });

  it("tells of a run of a newer format, unless the master is of one aggregate only", async () => {
    await setting.store.put(runKey("r1"), Buffer.from('{"format":3}'));
    await setting.store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "theirs" }));
    const master = new Failing(setting, null);
    await master.passes(1, "agg");
    assert.equal(await waitsOf(), undefined);
    await master.passes();
    const waits = await waitsOf();
    assert.match(waits?.what ?? "", /format 3/);
    assert.equal(waits?.where, runKey("r1"));
    const stored = await readAll(setting.store, inboxKey("r1"));
    assert.equal(parseInboxEntry("r1", stored?.bytes ?? Buffer.from("")).aggregate, "theirs");
  });

  it("does not send to `cancel` for what only a newer version can read", async () => {
    await setting.submit(specOf("r1"));
    await new Failing(setting, new SpotfoldError("invalid-format", "of format 2", { hint: "Update." })).passes();
    assert.equal((await waitsOf())?.hint, "Update. A master tries again by itself.");
  });

  it("names the data only for what was met while they were listed", async () => {
    await setting.submit(specOf("r1"));
    const { context, waiting } = new Failing(setting, null);
    const denied = new SpotfoldError("access-denied", "access denied");
    const store = intercepted(setting.store, async (method, key) => {
      if (method === "put" && key.includes("/plans/")) throw await Promise.resolve(denied);
    });
    await admitPass({ ...context, store }, null, waiting);
    assert.equal((await waitsOf())?.where, "aggregate agg in store");
    await new Failing(setting, denied).passes();
    assert.equal((await waitsOf())?.where, "aggregate agg in store", "the same words are not written again");
    await new Failing(setting, gone()).passes();
    assert.match((await waitsOf())?.where ?? "", /^dataset data in /);
  });

  it("is not said of a run that was admitted or refused, when its entry cannot be deleted", async () => {
    const { analysis } = specOf("r1");
    await setting.submit(specOf("r1"));
    await setting.submit(specOf("r2", { analysis: { ...analysis, key: ["other"] } }));
    const { context, waiting } = new Failing(setting, null);
    let denies = true;
    const store = intercepted(setting.store, (method, key) => {
      if (denies && method === "delete" && key.startsWith("inbox/")) throw new SpotfoldError("access-denied", "denied");
    });
    for (let pass = 0; pass < 3; pass++) assert.equal(await admitPass({ ...context, store }, null, waiting), 0);
    assert.equal((await setting.open("r1")).blocks, 1);
    assert.deepEqual([await waitsOf("r1"), await waitsOf("r2")], [undefined, undefined]);
    const said = setting.of("run-refused").filter(({ why }) => why.includes("its entry in the inbox stays: denied"));
    assert.deepEqual(
      said.map(({ run }) => run),
      ["r1", "r2"],
      "each once",
    );
    denies = false;
    assert.equal(await admitPass({ ...context, store }, null, waiting), 2);
    assert.deepEqual(await setting.keys("inbox/"), []);
  });

  it("keeps a run that is refused until whoever asks can be told why", async () => {
    const { analysis } = specOf("r1");
    await setting.submit(specOf("r1"));
    const { context, waiting } = new Failing(setting, null);
    await admitPass(context, null, waiting);
    await setting.submit(specOf("r2", { analysis: { ...analysis, key: ["other"] } }));
    let denies = true;
    const store = intercepted(setting.store, (method, key) => {
      if (denies && method === "create" && key === holdKey("r2")) throw new SpotfoldError("access-denied", "denied");
    });
    assert.equal(await admitPass({ ...context, store }, null, waiting), 0);
    assert.deepEqual(await setting.keys("inbox/"), [inboxKey("r2")]);
    assert.equal((await waitsOf("r2"))?.what, "denied");
    denies = false;
    assert.equal(await admitPass({ ...context, store }, null, waiting), 1);
    const hold = await readAll(setting.store, holdKey("r2"));
    assert.match(Buffer.from(hold?.bytes ?? []).toString(), /another lineage/);
    assert.deepEqual(await setting.keys("inbox/"), []);
  });

  it("keeps no other run out when it cannot be written", async () => {
    await setting.submit(specOf("r1", { aggregate: "other" }));
    await setting.submit(specOf("r2"));
    const master = new Failing(setting, null);
    const full = new SpotfoldError("disk-full", "no space");
    const store = intercepted(setting.store, async (method, key) => {
      if (method === "swap" && key.startsWith("inbox/")) throw await Promise.resolve(full);
    });
    const blocksOf: MasterContext["blocksOf"] = async ({ run }) => {
      if (run === "r1") throw gone();
      return await Promise.resolve(setting.catalog);
    };
    assert.equal(await admitPass({ ...master.context, store, blocksOf }, null, master.waiting), 1);
    assert.equal((await setting.open("r2")).blocks, 1);
  });
});
