/**
 * A run that a real master cannot admit: why, and what would cure it, is told by `status` and the page, also after the master was
 * killed; it goes on when that is cured, and can be cancelled before. And what waits when no master lives.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StatusReport } from "../../cli/report/status.ts";
import { tempDir } from "../support/temp.ts";
import { spotfold, startSpotfold } from "./spotfold.ts";

const waitMs = 120_000;

describe("a run that waits for a master", function waitingSuite() {
  this.timeout(400_000);

  const textOf = async (folder: string): Promise<string> => (await spotfold(folder, ["status"])).stdout;
  const reportOf = async (folder: string): Promise<StatusReport> =>
    JSON.parse((await spotfold(folder, ["status", "--json"])).stdout) as StatusReport;
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const end = performance.now() + waitMs; !(await isSo()); await sleep(100))
      assert.ok(performance.now() < end, what);
  };

  /** Its logs in a folder, `runs` submitted over them into as many aggregates. */
  async function submitted(name: string, runs: number): Promise<{ folder: string; ids: readonly string[] }> {
    const folder = tempDir(name);
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/one.log"), '{"os":"a"}\n');
    const ids: string[] = [];
    for (let run = 0; run < runs; run++) {
      const words = ["counts", "--by", "$.os", "--data", "./logs", "--layout", "{file}", "--into", `systems-${run}`];
      const stored = await spotfold(folder, ["submit", ...words, "--json"]);
      assert.equal(stored.code, 0, stored.stderr);
      ids.push((JSON.parse(stored.stdout) as { run: string }).run);
    }
    return { folder, ids };
  }

  it("says why, keeps saying it when the master is killed, is cancelled, or goes on when it is cured", async () => {
    const { folder, ids } = await submitted("waiting", 2);
    const [given = "", cured = ""] = ids;
    renameSync(join(folder, "logs"), join(folder, "away"));
    const master = await startSpotfold(folder, ["master"]);
    await until("both say why", async () => (await reportOf(folder)).inbox.every(({ held }) => held !== null));
    const entry = readFileSync(join(folder, ".spotfold/store/inbox", given), "utf8");
    master.kill("SIGKILL");
    await master.waitForEnd(waitMs);
    const text = await textOf(folder);
    assert.match(text, new RegExp(`^${given}  waits for a master, for systems-0; submitted .* UTC$`, "m"));
    assert.match(text, /^ {4}a master could not admit it: .*logs/m);
    assert.match(text, new RegExp(`^ {4}dataset \\S+ in .*/logs\\. .*\n {4}to give it up: .*cancel ${given}$`, "m"));

    const cancelled = await spotfold(folder, ["cancel", given]);
    assert.match(cancelled.stdout, /is cancelled; no master had admitted it, so nothing is in systems-0/);
    const again = await startSpotfold(folder, ["master"]);
    await again.waitFor(/"event":"run-refused"/, waitMs);
    renameSync(join(folder, "away"), join(folder, "logs"));
    await again.waitFor(new RegExp(`"event":"run-admitted".*"run":"${cured}"`), waitMs);
    const { inbox, aggregates } = await reportOf(folder);
    assert.deepEqual(inbox, []);
    assert.deepEqual(
      aggregates.map(({ runs }) => runs.map(({ run, state }) => [run, state])),
      [[[given, "cancelled"]], [[cured, "open"]]],
    );
    assert.equal((JSON.parse(entry) as { waits: { code: string } }).waits.code, "no-such-store");
    again.kill("SIGTERM");
    assert.equal((await again.waitForEnd(waitMs)).code, 0);
  });

  it("when no master lives, says that outputs wait, and the command that it shows enters them", async () => {
    const { folder } = await submitted("outputs", 1);
    assert.match(await textOf(folder), /^no master leads\n {2}to start one.*spotfold.* master$/m);
    assert.equal((await spotfold(folder, ["master", "--once"])).code, 0);
    assert.match(await textOf(folder), /^no worker is alive\n {2}to start one: .*spotfold.* worker$/m);
    assert.equal((await spotfold(folder, ["worker", "--once"])).code, 0);
    assert.match(await textOf(folder), /^ {4}outputs of 1 job wait for a master to enter them$/m);
    assert.equal((await spotfold(folder, ["master", "--once"])).code, 0);
    const text = await textOf(folder);
    assert.match(text, /finished: 1 of 1 block covered, 0 missing; submitted .* UTC, closed .* UTC$/m);
    assert.doesNotMatch(text, /to start one/);
  });
});
