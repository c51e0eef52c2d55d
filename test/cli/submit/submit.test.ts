/** `spotfold submit`, before any master looks: twice the same is one run, and it can be cancelled when its data is gone. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cancel } from "../../../cli/commands/cancel.ts";
import { submit } from "../../../cli/commands/submit.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";

describe("spotfold submit", function submitSuite() {
  this.timeout(30_000);

  let folder: string;

  before(() => {
    folder = tempDir("submit-twice");
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/a.json"), '{"x":1}\n');
  });

  const submitted = async (by: string, json = false): Promise<string> => {
    const captured = capturedIo(folder);
    const options = { data: "./logs", layout: "{rest}", by, into: by.slice(2), json };
    assert.equal(await submit("counts", options, captured.io), 0, captured.err());
    return captured.out();
  };
  const runs = (): string[] => readdirSync(join(folder, ".spotfold/store/runs"));

  it("says of the same that it waits for a master already, and stores nothing more", async () => {
    const first = JSON.parse(await submitted("$.x", true)) as { run: string; stored: boolean };
    assert.equal(first.stored, true);
    assert.deepEqual(runs(), [first.run]);
    const again = await submitted("$.x");
    assert.match(again, new RegExp(`^${first.run} is the same, and waits for a master already: 1 block for x\n`));
    assert.match(again, new RegExp(`spotfold status ${first.run}\n$`));
    const json = JSON.parse(await submitted("$.x", true)) as { run: string; stored: boolean };
    assert.deepEqual([json.run, json.stored], [first.run, false]);
    assert.deepEqual(runs(), [first.run]);
  });

  it("stores something else, which is cancelled also when its data is gone", async () => {
    const { run } = JSON.parse(await submitted("$.y", true)) as { run: string };
    assert.equal(runs().length, 2);
    rmSync(join(folder, "logs"), { recursive: true });
    const captured = capturedIo(folder);
    assert.equal(await cancel(run, {}, captured.io), 0);
    assert.match(captured.out(), /is cancelled; no master had admitted it/);
    assert.deepEqual(readdirSync(join(folder, ".spotfold/store/inbox")).includes(run), false);
  });

  it("stores nothing when it is stopped before", async () => {
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/b.json"), '{"x":1}\n');
    const captured = capturedIo(folder, { words: ["submit", "counts"] });
    captured.interrupt();
    const options = { data: "./logs", layout: "{rest}", by: "$.z" };
    assert.equal(await submit("counts", options, captured.io), 130);
    assert.match(captured.err(), /stopped; to go on: spotfold submit counts\n$/);
    assert.equal(runs().length, 2);
  });
});
