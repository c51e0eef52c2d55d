/** The same submitted twice before a master looks: the first is found, whatever its id. */
import assert from "node:assert/strict";
import { waitingTwin } from "../../../cli/submit/inbox.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { inboxKey, runKey } from "../../../shared/names.ts";
import { ManualClock } from "../../support/manual-clock.ts";
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
});
