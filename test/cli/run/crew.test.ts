/** A worker that cannot be kept alive ends the run: with how it died, what to do, and no stack. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reportFailure } from "../../../cli/report/failure.ts";
import { Crew } from "../../../cli/run/crew.ts";
import { readSettings, type Settings } from "../../../shared/config/settings.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";

interface Ended {
  readonly error: SpotfoldError;
  readonly deaths: number;
}

/** Until the crew gives up; `seen` is called with each worker's process. */
async function endOf(settings: Settings, seen: (pid: number) => void = () => undefined): Promise<Ended> {
  let deaths = 0;
  const onDeath = async (): Promise<void> => void deaths++;
  const ignore = (): void => undefined;
  const queue = { queueFailed: ignore, queueAnswered: ignore, queueUnknown: ignore, worked: ignore };
  const crew = new Crew({ settings, slots: 1, onDeath, isTrouble: () => false, queue, say: ignore });
  crew.start();
  let last = 0;
  for (const until = performance.now() + 30_000; !crew.failure.aborted && performance.now() < until; await sleep(20)) {
    const { pid = 0 } = crew;
    if (pid !== 0 && pid !== last) seen((last = pid));
  }
  const error: unknown = crew.failure.reason;
  await sleep(50);
  await crew.kill();
  assert.ok(error instanceof SpotfoldError, String(error));
  return { error, deaths };
}

async function printed(error: SpotfoldError): Promise<string> {
  const captured = capturedIo("/");
  assert.equal(await reportFailure(captured.io, false, error), 1);
  return captured.err();
}

describe("a worker that dies", function crewSuite() {
  this.timeout(40_000);
  const settingsIn = (folder: string, store = "store"): Settings =>
    readSettings({ store }, { variables: {}, workingFolder: folder });

  it("before it starts, each time, fails the run after five", async () => {
    const folder = tempDir("no-worker");
    const { error, deaths } = await endOf({ ...settingsIn(folder), folder: `${folder}/absent` });
    assert.equal(deaths, 5);
    assert.equal(error.code, "worker-died");
    assert.match(error.message, /^the worker died 5 times in a row: it ended with code -?\d+ \(5 times\)$/);
    assert.match(error.hint ?? "", /spotfold doctor.* It said last: spawn .*ENOENT/);
  });

  it("by SIGKILL five times in a row fails the run, which says so without a stack", async () => {
    const { error } = await endOf(settingsIn(tempDir("killed-worker")), (pid) => process.kill(pid, "SIGKILL"));
    assert.equal(error.code, "worker-died");
    assert.equal(error.message, "the worker died 5 times in a row: it was killed by SIGKILL (5 times)");
    const text = await printed(error);
    assert.match(text, /^spotfold: the worker died 5 times.*\n {2}Something on this machine kills it.*fewer --slots/);
    assert.doesNotMatch(text, /^ +at /m);
  });

  it("because it says that it cannot work fails the run at once, with its reason", async () => {
    const folder = tempDir("refusing-worker");
    writeFileSync(join(folder, "file"), "");
    const { error, deaths } = await endOf(settingsIn(folder, "file/store"));
    assert.equal(deaths, 1);
    assert.match(error.message, /^the worker failed: /);
    assert.doesNotMatch(await printed(error), /^ +at /m);
  });
});
