/** What `/status.json` lists in which order, and its schema: one for all servers of the format. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { fillWorkFolder } from "../../dashboard/status/work-folder.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { repositoryRoot } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { admitted, specOf } from "../work-store.ts";
import { ask, startedServer } from "./running-server.ts";
import { flawsOf } from "./schema.ts";

function without(line: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(line).filter(([name]) => !names.includes(name)));
}

describe("the status page's document", () => {
  let folder: string;

  beforeEach(() => {
    folder = tempDir("status-document");
  });

  const documentOf = async (): Promise<StatusDocument> => {
    const server = { folder, clock: new ManualClock(), host: "127.0.0.1", token: null, actions: null };
    const { port } = await startedServer(server);
    return JSON.parse((await ask(port, "/status.json")).text) as StatusDocument;
  };

  it("tells of closed runs of all aggregates together, the one that ended last first", async () => {
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), { create: true });
    const closedBy: [string, string][] = [
      ["r1", "a"],
      ["r2", "b"],
      ["r3", "a"],
    ];
    for (const [run, aggregate] of closedBy) {
      await admitted(store, specOf(run, { aggregate }), 0);
      // The store's clock has moved on before the next.
      await sleep(5);
    }
    await store.close();
    assert.deepEqual(
      (await documentOf()).runs.map(({ run }) => run),
      ["r3", "r2", "r1"],
    );
  });

  it("keeps to the schema in which documents of older servers of the format are valid", async () => {
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { commands: _commands, ...document } = await documentOf();
    const older = {
      ...document,
      runs: document.runs.map((line) => without(line, ["analysis", "submittedAt", "closedAt", "awaits"])),
      inbox: document.inbox.map((line) => without(line, ["analysis", "submittedAt", "held"])),
      workers: document.workers.map((line) => without(line, ["draining"])),
    };
    const schema = JSON.parse(readFileSync(join(repositoryRoot, "docs/formats/status.schema.json"), "utf8")) as object;
    assert.deepEqual(flawsOf(schema, older), []);
  });
});
