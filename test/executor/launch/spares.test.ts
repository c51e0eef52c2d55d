/** Executors that wait for a job: none that has ended is given out, and none is started when no job will begin. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Spares } from "../../../executor/launch/spares.ts";
import { tempDir } from "../../support/temp.ts";
import { limits } from "./setting.ts";

const never = new AbortController().signal;

describe("executors that wait", () => {
  let started: ChildProcess[];
  const see = (message: unknown): void => void started.push((message as { readonly process: ChildProcess }).process);

  beforeEach(() => {
    started = [];
    subscribe("child_process", see);
  });

  afterEach(() => void unsubscribe("child_process", see));

  it("are not given out once they ended", async () => {
    const ahead = new Spares({ scratch: tempDir("spares"), most: 1, limits });
    assert.equal(await ahead.ready(1, never), 1);
    const [executor] = started;
    assert.ok(executor !== undefined);
    // It is forgotten only later, when all that it said was read.
    const taken = once(executor, "exit").then(() => ahead.take(limits));
    executor.kill("SIGKILL");
    assert.equal(await taken, null);
    await ahead.close();
  });

  it("are not started any more once all are ended, and leave nothing", async () => {
    const scratch = tempDir("spares");
    const ahead = new Spares({ scratch, most: 2, limits });
    ahead.prepare(2);
    await ahead.close();
    // Until those that were about to start are not.
    await ahead.ready(1, never);
    await sleep(100);
    assert.deepEqual([started.length, readdirSync(scratch)], [0, []]);
  });

  it("are not started for jobs that will not begin", async () => {
    const scratch = tempDir("spares");
    const ahead = new Spares({ scratch, most: 1, limits });
    assert.equal(await ahead.ready(1, AbortSignal.abort()), 1);
    await sleep(100);
    assert.deepEqual([started.length, readdirSync(scratch)], [0, []]);
    await ahead.close();
  });
});
