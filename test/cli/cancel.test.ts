/** `spotfold cancel` of a run that no master has seen: its data may be anywhere, or nowhere. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cancel } from "../../cli/commands/cancel.ts";
import { status } from "../../cli/commands/status.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import { seededRandom } from "../support/manual-clock.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";
import { admitted, held, specOf, submitted } from "./work-store.ts";

describe("spotfold cancel, before a master admitted the run", () => {
  it("uses its id up without its data, and changes nothing else of the aggregate", async () => {
    const folder = tempDir("cancel");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    await admitted(store, specOf("r1", { bundle: "1".repeat(64) }), 0);
    const waiting = specOf("r2", { dataset: { ...specOf("r2").dataset, name: "other" } });
    await submitted(store, waiting);
    const captured = capturedIo(folder);
    assert.equal(await cancel("r2", {}, captured.io), 0);
    assert.equal(captured.out(), "r2 is cancelled; no master had admitted it, so nothing is in a\n");
    const { manifest } = await new Ledger(store, seededRandom()).read("a");
    assert.deepEqual(
      manifest?.closed.map(({ run, state }) => [run, state]),
      [
        ["r1", "finished"],
        ["r2", "cancelled"],
      ],
    );
    assert.equal(ledgerRules.admissible(manifest, waiting), "closed");
    assert.equal(manifest.renderer.run, "r1");
    assert.deepEqual(manifest.layouts, { d: "{rest}" });
    assert.equal(await store.head(inboxKey("r2")), null);
    const again = capturedIo(folder);
    assert.equal(await cancel("r2", {}, again.io), 0);
    assert.match(again.out(), /^r2 was cancelled before/);
    const json = capturedIo(folder);
    assert.equal(await cancel("r2", { json: true }, json.io), 0);
    const blocks = { covered: 0, missing: 0, givenBack: 0 };
    assert.deepEqual(JSON.parse(json.out()), { format: 1, run: "r2", aggregate: "a", state: "cancelled", blocks });
    await store.close();
  });

  it("takes a run of another lineage out of the inbox, and says of one that was refused why", async () => {
    const folder = tempDir("cancel-other");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    await admitted(store, specOf("r1"), 0);
    const other = { ...specOf("r2").analysis, key: ["channel"] };
    await submitted(store, specOf("r2", { analysis: other }));
    const captured = capturedIo(folder);
    assert.equal(await cancel("r2", {}, captured.io), 0);
    assert.equal(captured.out(), "r2 is cancelled; no master had admitted it, so nothing is in a\n");
    assert.equal(await store.head(inboxKey("r2")), null);
    const again = capturedIo(folder);
    assert.equal(await cancel("r2", {}, again.io), 0);
    assert.match(again.out(), /^r2 was cancelled before/);
    const seen = capturedIo(folder);
    assert.equal(await status("r2", {}, seen.io), 0);
    assert.match(seen.out(), /^ {2}r2 {2}cancelled before a master admitted it/m);
    await store.create(runKey("r3"), encodeStored(specOf("r3", { analysis: other })));
    await held(store, "r3", { kind: "closed", what: "a is of another lineage" });
    await assert.rejects(cancel("r3", {}, capturedIo(folder).io), /r3 was never admitted: it was refused, since a is/);
    await store.close();
  });

  it("goes on where one was killed between the commit and the inbox, as a master would", async () => {
    const folder = tempDir("cancel-killed");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    const spec = specOf("r1");
    await submitted(store, spec);
    assert.equal(await cancel("r1", {}, capturedIo(folder).io), 0);
    await store.put(inboxKey("r1"), encodeStored({ format: 1, run: "r1", aggregate: "a" }));
    const captured = capturedIo(folder);
    assert.equal(await cancel("r1", {}, captured.io), 0);
    assert.match(captured.out(), /^r1 was cancelled before/);
    assert.equal(await store.head(inboxKey("r1")), null);
    await store.close();
  });

  it("leaves the aggregate's name to a run of any lineage when it was the first", async () => {
    const folder = tempDir("cancel-name");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    await submitted(store, specOf("r1"));
    assert.equal(await cancel("r1", {}, capturedIo(folder).io), 0);
    const spec = specOf("r2", { analysis: { ...specOf("r2").analysis, key: ["channel"] } });
    await admitted(store, spec, 1);
    const { manifest } = await new Ledger(store, seededRandom()).read("a");
    assert.deepEqual([manifest?.lineage.key, manifest?.open.map(({ run }) => run)], [["channel"], ["r2"]]);
    await store.close();
  });

  it("closes the first run of an aggregate, too", async () => {
    const folder = tempDir("cancel-first");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    await submitted(store, specOf("r1"));
    assert.equal(await cancel("r1", {}, capturedIo(folder).io), 0);
    const { manifest } = await new Ledger(store, seededRandom()).read("a");
    assert.deepEqual([manifest?.open, manifest?.closed.map(({ state }) => state)], [[], ["cancelled"]]);
    await store.close();
  });
});
