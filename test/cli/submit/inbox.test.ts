/** The same submitted twice before a master looks: the first is found, whatever its id. */
import assert from "node:assert/strict";
import { waitingTexts, waitingTwin } from "../../../cli/submit/inbox.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { inboxKey, runKey } from "../../../shared/names.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { planOf, tellPlan } from "../../../cli/submit/plan.ts";
import { MasterSetting, specOf as planned } from "../../master/setting.ts";
import { capturedIo } from "../captured-io.ts";
import { admitted, specOf, submitted } from "../work-store.ts";

describe("a run that waits in the inbox", () => {
  it("is found by the same, submitted later, and by nothing else", async () => {
    const store = new MemoryBlobStore({ clock: new ManualClock() });
    await store.put(runKey("r0"), encodeStored({ format: 2 }));
    await store.put(inboxKey("r0"), encodeStored({ format: 2 }));
    await store.put(inboxKey("r9"), encodeStored({ format: 1 }));
    await submitted(store, specOf("r1", { filter: { day: ["1"], channel: "*" } }));
    const again = { submittedAt: 5, filter: { channel: "*" as const, day: ["1"] }, deadlineMs: 7 };
    assert.equal(await waitingTwin(store, specOf("r2", again)), "r1");
    for (const other of [
      { filter: { day: ["2"] } },
      { aggregate: "b" },
      { reprocess: true },
      { params: { by: "x" } },
    ]) {
      assert.equal(await waitingTwin(store, specOf("r3", { ...again, ...other })), null);
    }
    await admitted(store, specOf("r1", { filter: { day: ["1"], channel: "*" } }), 0);
    assert.equal(await waitingTwin(store, specOf("r2", again)), null);
  });

  it("is told by a plan for the same aggregate and dataset", async () => {
    const store = new MemoryBlobStore({ clock: new ManualClock() });
    await store.put(inboxKey("r0"), encodeStored({ format: 1 }));
    await submitted(store, specOf("r1", { filter: { day: ["1"] } }));
    await submitted(store, specOf("r2", { aggregate: "b" }));
    await submitted(store, specOf("r3", { dataset: { ...specOf("r3").dataset, name: "other" } }));
    const wider = specOf("r4");
    assert.deepEqual(await waitingTexts(store, wider), [
      "run r1 waits in the inbox for the same aggregate; if it is admitted first, blocks that both select are its own",
    ]);
    assert.deepEqual(await waitingTexts(store, specOf("r5", { filter: { day: ["1"] } })), [
      "run r1 is the same, and waits in the inbox already: it would not be stored twice",
    ]);
    assert.deepEqual(await waitingTexts(store, specOf("r6", { aggregate: "c" })), []);
    for (let run = 10; run < 22; run++) await submitted(store, specOf(`r${run}`));
    const many = await waitingTexts(store, specOf("r7", { reprocess: true }));
    assert.deepEqual([many.length, many.at(-1)], [11, "3 more runs wait there"]);
  });

  it("is in the plan that a command prints", async () => {
    const setting = new MasterSetting();
    const { store, rules } = setting.context();
    await submitted(store, planned("one"));
    const slots = async (): Promise<number> => await Promise.resolve(1);
    const selected = setting.catalog;
    const plan = await planOf({ store, rules, manifest: null, spec: planned("two"), selected, slots });
    const captured = capturedIo("/");
    await tellPlan(captured.io, false, plan);
    assert.match(
      captured.out(),
      /\n {2}run one is the same, and waits in the inbox already: .*\nnothing was stored\n$/,
    );
  });
});
