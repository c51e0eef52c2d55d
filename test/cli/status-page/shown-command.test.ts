/** What the page shows to be pasted does what it says from any folder, whatever the server's own is called. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shownCommand } from "../../../cli/status-page/shown-command.ts";
import type { ActionPlan } from "../../../dashboard/status/action-document.ts";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { bin, spotfold } from "../../e2e/spotfold.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { run, type Ended } from "../../support/processes.ts";
import { tempDir } from "../../support/temp.ts";
import { ask, startedServer, token } from "./running-server.ts";

describe("commands that the page shows", function shownSuite() {
  this.timeout(180_000);

  it("begin in the server's folder, quoted", () => {
    const from = { command: ["npx", "spotfold"], folder: "/it's here" };
    assert.equal(shownCommand(from, ["cancel", "r1"]), "cd '/it'\\''s here' && npx spotfold cancel r1");
  });

  it("submit over a configured dataset, move it and finish it, pasted into a shell that stands elsewhere", async () => {
    const folder = join(tempDir("shown"), 'it\'s $HOME "here"');
    mkdirSync(join(folder, "logs"), { recursive: true });
    writeFileSync(join(folder, "logs/one.log"), '{"os":"a"}\n{"os":"b"}\nnot JSON\n');
    const web = { place: "./logs", layout: "{file}", records: "ndjson" };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ store: "./runs here", datasets: { web } }));
    const { port } = await startedServer({
      folder,
      clock: new ManualClock(),
      token,
      actions: [process.execPath, bin],
    });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const action = {
      action: "submit",
      analysis: "counts",
      dataset: "web",
      where: [],
      params: [{ name: "by", value: "$.os" }],
      inputsOf: null,
      into: "systems",
      reprocess: false,
    };
    const planned = await ask(port, "/actions/plan", { method: "POST", headers, body: JSON.stringify(action) });
    const { command, plan } = JSON.parse(planned.text) as ActionPlan;
    assert.equal(plan?.blocks, 1, planned.text);
    const { commands } = JSON.parse((await ask(port, "/status.json", { headers })).text) as StatusDocument;
    const env = { SPOTFOLD_TIMING_SCALE: "0.1" };
    const pasted = async (text: string): Promise<Ended> =>
      await run("sh", ["-c", text], { cwd: tempDir("elsewhere"), env, waitMs: 120_000 });
    const stored = await pasted(command);
    assert.match(stored.stdout, /is stored: 1 block for systems/, stored.stderr);
    for (const text of [commands.master, commands.worker, commands.master]) {
      const ended = await pasted(`${text} --once`);
      assert.equal(ended.code, 0, ended.stderr);
    }
    const name = /(\S+) is stored/.exec(stored.stdout)?.[1] ?? "";
    const logs = await pasted(`${commands.logs} ${name}`);
    assert.equal(logs.code, 0, logs.stderr);
    assert.match(logs.stdout, /invalid-json/, logs.stderr);
    const results = await spotfold(folder, ["results", "systems", "--format", "csv"]);
    assert.equal(results.stdout, "$.os,value\na,1\nb,1\n", results.stderr);
  });
});
