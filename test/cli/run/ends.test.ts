/** What ends a `run` or `submit --wait`: holds that last, and results that leave something out. */
import assert from "node:assert/strict";
import { heldRun, type HeldRun } from "../../../cli/run/drive.ts";
import { writeResult, type RunResult } from "../../../cli/report/result.ts";
import type { SelectionReport } from "../../../cli/run/selection.ts";
import { codeOf, messageOf } from "../../../shared/errors.ts";
import type { Hold } from "../../../shared/formats/hold.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { holdKey } from "../../../shared/names.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";

const minute = 60_000;

describe("a hold that ends a command", () => {
  const heldFor = async (kind: Hold["kind"], sinceAgo: number, lookingFor: number): Promise<HeldRun | null> => {
    const store = await FolderBlobStore.open(tempDir("held"), { create: true });
    const now = Date.now();
    const until = kind === "environment" ? now + 5 * minute : 0;
    const text = { what: "denied", where: "worker w", hint: "allow it" };
    const hold: Hold = { format: 1, run: "r1", kind, ...text, since: now - sinceAgo, until, times: 3, heldMs: 0 };
    await store.put(holdKey("r1"), encodeStored(hold));
    const found = await heldRun(store, { open: [{ run: "r1" }], heldMs: minute, from: now - lookingFor });
    await store.close();
    return found;
  };

  it("is one by the environment that has lasted for a minute", async () => {
    assert.equal((await heldFor("environment", 2 * minute, 2 * minute))?.ends, true);
    assert.equal((await heldFor("environment", minute / 2, 2 * minute))?.ends, false);
  });

  it("is not what lasts from before: the same command again may come after the cure", async () => {
    assert.equal((await heldFor("environment", 10 * minute, 0))?.ends, false);
  });

  it("is one by the bundle at once", async () => {
    assert.equal((await heldFor("bundle", 0, 0))?.ends, true);
  });

  it("is none that was lifted, and none that closed the run", async () => {
    assert.equal(await heldFor("none", 0, 0), null);
    assert.equal(await heldFor("closed", 2 * minute, 2 * minute), null);
  });
});

describe("the end of a command that waited for its selection", () => {
  const report: SelectionReport = {
    selected: 3,
    bytes: 3,
    covered: 1,
    stale: [],
    missing: [],
    records: { read: 1, rejected: {} },
    waiting: 0,
    free: 2,
    untried: 2,
  };
  const result = (changes: Partial<SelectionReport>): RunResult => ({
    run: "r1",
    aggregate: "a",
    dataset: { name: "d", place: "file:/d", layout: "{rest}", records: "ndjson" },
    report: { ...report, ...changes },
    seconds: 1,
    where: [],
    published: null,
  });

  it("is no success when a cancelled run gave blocks back", async () => {
    const captured = capturedIo("/", { words: ["run", "counts"] });
    const { io } = captured;
    await assert.rejects(writeResult(io, true, result({})), (error: unknown) => {
      assert.equal(codeOf(error), "changed");
      assert.match(messageOf(error), /^2 of 3 blocks are neither covered nor missing/);
      return true;
    });
    assert.equal(captured.out(), "");
    assert.equal(await writeResult(io, true, result({ covered: 3, free: 0, untried: 0 })), 0);
  });
});
