/** `spotfold logs` tells of every attempt that did not end well: also of one whose worker was killed. */
import assert from "node:assert/strict";
import { logs } from "../../cli/commands/logs.ts";
import { openStore } from "../../cli/compose/ports.ts";
import { withScope } from "../../cli/compose/scope.ts";
import { settingsOf } from "../../cli/compose/settings.ts";
import type { AttemptRecord } from "../../shared/formats/attempt.ts";
import type { Resolution } from "../../shared/formats/resolution.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { attemptKey, resolutionKey } from "../../shared/names.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";
import { admitted, specOf, submitted } from "./work-store.ts";

const run = "20260101-120000-0a1b2c3d";
const plan = `${run}.0123456789ab`;
const job = "000000";
const [killed, second] = ["f000000000000000", "0000000000000000"];

describe("spotfold logs", () => {
  let folder: string;

  /** The first worker was killed, the second attempt resolved the job. */
  beforeEach(async () => {
    folder = tempDir("logs");
    await withScope(async (scope) => {
      const store = await openStore(settingsOf({}, capturedIo(folder).io), scope);
      await submitted(store, specOf(run));
      await admitted(store, specOf(run), 1);
      for (const [attempt, worker, startedAt] of [
        [killed, "w-killed", 1],
        [second, "w-second", 2],
      ] as const) {
        const fixed = { format: 1, run, plan, job, handle: "h", memory: 1, end: null } as const;
        const record: AttemptRecord = { ...fixed, attempt, worker, startedAt };
        await store.put(attemptKey("a", plan, job, attempt, "record"), encodeStored(record));
      }
      const parts = { covered: [], missing: [], remaining: [], handedOn: null, segment: null };
      const resolution: Resolution = { format: 1, run, plan, job, attempt: second, worker: "w", digest: "", ...parts };
      await store.put(resolutionKey("a", plan, job), encodeStored(resolution));
    });
  });

  async function told(name: string): Promise<string[]> {
    const captured = capturedIo(folder);
    assert.equal(await logs(name, {}, captured.io), 0);
    assert.equal(captured.err(), "");
    return captured.out().trimEnd().split("\n");
  }

  const vanished = new RegExp(`attempt ${killed} .* vanished: worker w-killed did not end it$`);

  it("tells of a run's attempt that vanished, and not of the one that went well", async () => {
    const lines = await told(run);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", vanished);
  });

  it("tells of a job which attempt vanished, and which resolved it", async () => {
    const lines = await told(`${plan}/${job}`);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", vanished);
    assert.match(lines[1] ?? "", new RegExp(`attempt ${second} .* the job is resolved$`));
  });
});
