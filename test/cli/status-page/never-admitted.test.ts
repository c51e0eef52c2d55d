/** A run that was cancelled before a master admitted it, on the status page and by `spotfold status`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { spotfold } from "../../e2e/spotfold.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { tempDir } from "../../support/temp.ts";
import { specOf, submitted } from "../work-store.ts";
import { ask, startedServer } from "./running-server.ts";

describe("a run that was cancelled before it was admitted", () => {
  const run = "20260101-120000-0a1b2c3d";

  it("is told as that, and its aggregate, in which nothing ever was, is not listed", async () => {
    const folder = tempDir("never-admitted");
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    await submitted(store, specOf(run, { aggregate: "lost" }));
    await store.close();
    const cancelled = await spotfold(folder, ["cancel", run]);
    assert.equal(cancelled.code, 0, cancelled.stderr);
    const { port } = await startedServer({ folder, clock: new ManualClock() });
    const document = JSON.parse((await ask(port, "/status.json")).text) as StatusDocument;
    assert.deepEqual(document.aggregates, []);
    assert.deepEqual(
      document.runs.map(({ aggregate, state, blocks }) => [aggregate, state, blocks]),
      [["lost", "cancelled", 0]],
    );
    const { stdout } = await spotfold(folder, ["status"]);
    assert.match(stdout, new RegExp(`^ {2}${run} {2}cancelled before a master admitted it; submitted .*$`, "m"));
  });
});
