/** What the status page's server does for whom: plans, submits, retries; and what it refuses changes nothing. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ActionPlan,
  ActionRequest,
  ActionResult,
  ChoicesDocument,
  SubmitRequest,
} from "../../../dashboard/status/action-document.ts";
import type { StatusError } from "../../../dashboard/status/document.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { tempDir } from "../../support/temp.ts";
import { makeMissing } from "../retry/missing-logs.ts";
import { ask, startedServer, token, type Answer, type Ask } from "./running-server.ts";

const json = { "content-type": "application/json" };
const known = { ...json, authorization: `Bearer ${token}` };

const gone = { why: "gone", blocks: 1, text: "1 block missing, and no longer in the dataset" };

describe("the actions of the status page's server", function actionsSuite() {
  this.timeout(300_000);

  let folder: string;
  let dataset: string;
  const clock = new ManualClock();

  before(async () => {
    folder = tempDir("page-actions");
    await makeMissing(folder);
  });

  const start = async (isAllowed = true): Promise<number> => {
    const actions = isAllowed ? ["spotfold"] : null;
    return (await startedServer({ folder, clock, token, actions })).port;
  };
  const post = async (port: number, step: string, body: unknown, change: Ask = {}): Promise<Answer> =>
    await ask(port, `/actions/${step}`, { method: "POST", headers: known, body: JSON.stringify(body), ...change });
  const choicesOf = async (port: number): Promise<ChoicesDocument> => {
    const { text, status } = await ask(port, "/choices.json", { headers: known });
    assert.equal(status, 200, text);
    return JSON.parse(text) as ChoicesDocument;
  };
  const submit = (change: Partial<SubmitRequest> = {}): SubmitRequest => ({
    action: "submit",
    analysis: "counts",
    dataset,
    where: [],
    params: [{ name: "by", value: "$.name" }],
    inputsOf: null,
    into: "names",
    reprocess: false,
    ...change,
  });
  const done = (): readonly string[] => {
    const store = join(folder, ".spotfold/store");
    return ["runs", "inbox", "bundles", "aggregates"].flatMap((name) => {
      try {
        return readdirSync(join(store, name));
      } catch {
        return [];
      }
    });
  };

  it("offer what runs can be made of: what ships, what is stored, datasets that are known", async () => {
    const { analyses, datasets, aggregates } = await choicesOf(await start());
    [{ dataset }] = datasets as [ChoicesDocument["datasets"][number]];
    assert.deepEqual(aggregates, ["sums"]);
    assert.deepEqual(
      datasets.map(({ dimensions, date, place }) => [dimensions, date, place]),
      [[["date", "part"], "date", join(folder, "logs")]],
    );
    assert.deepEqual(
      analyses.map(({ name, params }) => [name, params.map((param) => param.name)]),
      [
        ["counts", ["by", "date"]],
        ["histograms", []],
        ["os-distribution", []],
        ["sums", []],
      ],
    );
    assert.match(analyses.at(-1)?.analysis ?? "", /^bundle:[0-9a-f]{64}$/);
  });

  it("do nothing for who may not, and nothing that is not asked for rightly", async () => {
    const before = done();
    const actions: readonly ActionRequest[] = [
      submit(),
      { action: "retry", aggregate: "sums", dataset, reasons: [] },
      { action: "cancel", run: "a" },
    ];
    const readOnly = await start(false);
    assert.equal((await ask(readOnly, "/choices.json", { headers: known })).status, 403);
    const port = await start();
    for (const action of actions) {
      for (const step of ["plan", "run"]) {
        const statusOf = async (change: Ask, at = port): Promise<number> =>
          (await post(at, step, action, change)).status;
        assert.equal(await statusOf({}, readOnly), 403, action.action);
        assert.equal(await statusOf({ headers: json }), 401);
        assert.equal(await statusOf({ headers: { ...json, authorization: "Bearer wrong" } }), 401);
        for (const foreign of [
          { origin: "http://evil.example" },
          { origin: "null" },
          { host: "evil.example" },
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
        ])
          assert.equal(await statusOf({ headers: { ...known, ...foreign } }), 403, JSON.stringify(foreign));
        for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
          assert.equal(await statusOf({ headers: { ...known, "content-type": type } }), 400, type);
        for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) assert.equal(await statusOf({ method }), 405, method);
        assert.equal(await statusOf({ body: "{" }), 400);
        assert.equal(await statusOf({ body: `${JSON.stringify(action)}${" ".repeat(70_000)}` }), 400);
      }
      assert.equal((await post(port, "other", action)).status, 404);
    }
    for (const hostile of ["./evil.ts", "/etc/passwd", "--help", "bundle:../../x"])
      assert.equal((await post(port, "run", submit({ analysis: hostile }))).status, 400, hostile);
    for (const path of ["/choices.json", "/actions/plan"]) {
      const { status } = await ask(port, path, { headers: json });
      assert.equal(status, 401, path);
    }
    const unknown = await post(port, "run", submit({ dataset: "etc" }));
    assert.match((JSON.parse(unknown.text) as StatusError).error.message, /etc is no dataset that is known here/);
    assert.equal(unknown.status, 400);
    const dimension = await post(port, "plan", submit({ where: [{ dimension: "color", values: "red" }] }));
    assert.match(dimension.text, /has no dimension/);
    assert.deepEqual(done(), before);
  });

  it("plan what the command plans, and then do what it does", async () => {
    const port = await start();
    const planOf = async (action: ActionRequest): Promise<ActionPlan> => {
      const { text, status } = await post(port, "plan", action);
      assert.equal(status, 200, text);
      return JSON.parse(text) as ActionPlan;
    };
    const before = done();
    const hostile = "$(touch pwned)';`touch pwned`";
    const refused = await planOf(submit({ where: [{ dimension: "part", values: hostile }] }));
    assert.equal(refused.refusal?.code, "nothing-selected");
    const none = await planOf(submit({ params: [] }));
    assert.match(none.refusal?.message ?? "", /^Name what to count by, in the field `by` of the parameters$/);
    assert.match(none.refusal?.hint ?? "", /, such as date,\$\.info\.OS\.$/);
    const wrong = await planOf(
      submit({
        params: [
          { name: "by", value: "$.name" },
          { name: "x", value: "1" },
        ],
      }),
    );
    assert.match(wrong.refusal?.message ?? "", /x/);
    const action = submit({ where: [{ dimension: "date", values: "20260101" }] });
    const { command, plan, refusal } = await planOf(action);
    assert.deepEqual([plan?.blocks, plan?.where, refusal], [3, ["date=20260101"], null]);
    assert.deepEqual(done(), before, "plans store nothing");
    assert.ok(!readdirSync(folder).includes("pwned"));

    const result = JSON.parse((await post(port, "run", action)).text) as ActionResult;
    assert.deepEqual([result.command, result.code], [command, 0], result.output);
    const [, run = ""] = /^(\S+) is stored: 3 blocks for names$/m.exec(result.output) ?? [];
    assert.ok(done().includes(run), result.output);

    const retry = { action: "retry", aggregate: "sums", dataset, reasons: ["corrupt"] } as const;
    const planned = await planOf(retry);
    assert.deepEqual([planned.plan?.blocks, planned.plan?.leftOut], [2, [gone]]);
    assert.match(planned.command, / && spotfold retry sums --dataset=\S+ --reason=corrupt --store /);
    const retried = JSON.parse((await post(port, "run", retry)).text) as ActionResult;
    assert.match(retried.output, /is stored: 2 missing blocks of sums to be tried again/);
    const nothing = await planOf({ ...retry, reasons: ["timeout"] });
    assert.match(nothing.refusal?.message ?? "", /^nothing is missing in sums of the dataset \S+ by timeout$/);
  });

  it("wait for one another, but for a cancel; a plan that nobody waits for ends, as all do with the server", async () => {
    const [server, plan] = [await startedServer({ folder, clock, token, actions: ["spotfold"] }), submit()];
    const { port } = server;
    const plans = (): readonly string[] =>
      execFileSync("ps", ["-A", "-o", "ppid=,args="], { encoding: "utf8" })
        .split("\n")
        .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes("--plan"));
    const until = async (count: number): Promise<void> => {
      for (let times = 0; plans().length !== count; times++) {
        assert.ok(times < 1_000, `there are ${plans().length} plans, and not ${count}`);
        await sleep(50);
      }
    };
    const begin = async (signal: AbortSignal | null): Promise<unknown> => {
      const url = `http://127.0.0.1:${port}/actions/plan`;
      const init = { method: "POST", headers: known, body: JSON.stringify(plan), signal };
      return await fetch(url, init).catch((error: unknown) => error);
    };
    const leaves = new AbortController();
    const left = begin(leaves.signal);
    await until(1);
    const [busy, cancelled] = await Promise.all([
      post(port, "plan", plan),
      post(port, "run", { action: "cancel", run: "nothing" }),
    ]);
    assert.deepEqual([busy.status, (JSON.parse(busy.text) as StatusError).error.code], [409, "limit"]);
    assert.equal(cancelled.status, 200, cancelled.text);
    leaves.abort();
    await left;
    await until(0);
    // A process that is gone may not be known to be yet.
    while ((await post(port, "plan", plan)).status === 409) await sleep(50);
    const open = begin(null);
    await until(1);
    await server.stop();
    assert.deepEqual(plans(), []);
    await open;
  });

  it("offer no place that nobody named", async () => {
    writeFileSync(
      join(folder, "spotfold.config.json"),
      JSON.stringify({ datasets: { web: { place: "./web", layout: "{rest}", records: "ndjson" } } }),
    );
    const { datasets } = await choicesOf(await start());
    assert.deepEqual(
      datasets.map((choice) => choice.dataset),
      ["web", dataset],
    );
  });
});
