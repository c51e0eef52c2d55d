/** The status page's server as it answers: whom, what, and how little it asks the store for that. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusServer } from "../../../cli/status-page/server.ts";
import { tokenOf } from "../../../cli/status-page/token.ts";
import { addressOf } from "../../../cli/status-page/address.ts";
import type { AttemptsDocument, StatusDocument } from "../../../dashboard/status/document.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { repositoryRoot } from "../../support/requirements.ts";
import { bin, spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { run } from "../../support/processes.ts";
import { tempDir } from "../../support/temp.ts";
import { fillWorkFolder, hostile, runs } from "../../dashboard/status/work-folder.ts";
import { ask, startedServer, token, type Answer, type Ask } from "./running-server.ts";
import { flawsOf } from "./schema.ts";

describe("the status page's server", () => {
  let folder: string;
  const clock = new ManualClock();

  beforeEach(() => {
    folder = tempDir("status-page");
  });

  const started = async (
    host = "127.0.0.1",
    secret: string | null = null,
    actions: readonly string[] | null = null,
  ): Promise<StatusServer> => await startedServer({ folder, clock, host, token: secret, actions });

  /** Held to the schema that is published for it. */
  const schema = JSON.parse(readFileSync(join(repositoryRoot, "docs/formats/status.schema.json"), "utf8")) as object;
  const statusOf = async (port: number): Promise<StatusDocument> => {
    const headers = { authorization: `Bearer ${token}` };
    const document = JSON.parse((await ask(port, "/status.json", { headers })).text) as StatusDocument;
    assert.deepEqual(flawsOf(schema, document), []);
    return document;
  };

  it("tells of nothing before there is a store, and makes none", async () => {
    const { port } = await started();
    const { aggregates, runs: none, queue } = await statusOf(port);
    assert.deepEqual([aggregates, none, queue.why], [[], [], "there is no queue yet"]);
  });

  it("tells of runs, holds, workers, and of attempts with their logs", async () => {
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { port } = await started();
    const { runs: lines, inbox, workers, aggregates } = await statusOf(port);
    const waiting = { run: runs.waiting, aggregate: "dashboard", analysis: "counts", submittedAt: 0, held: null };
    assert.deepEqual(inbox, [waiting]);
    const going = lines.find(({ run }) => run === runs.going);
    assert.deepEqual(going?.jobs, { all: 40, done: 25, failed: 0, inHand: 1, waiting: 14 });
    assert.equal(going?.pace?.over, "admission");
    const heldRun = lines.find(({ run }) => run === runs.held);
    assert.equal(heldRun?.held?.times, 3);
    assert.match(heldRun?.held?.hint ?? "", /^Allow s3:GetObject/);
    assert.deepEqual(workers.map(({ state }) => state).toSorted(), ["alive", "alive", "silent"]);
    assert.equal(aggregates[0]?.blocks?.open, 55);
    const { text } = await ask(port, `/attempts.json?run=${runs.going}`);
    const { attempts, jobs, more } = JSON.parse(text) as AttemptsDocument;
    assert.deepEqual([jobs, more, attempts.length], [2, false, 3]);
    assert.ok(attempts.some(({ log }) => log?.includes(hostile)));
    assert.ok(attempts.some(({ failure }) => failure?.reason === "corrupt"));
    for (const run of ["nothing", "dashboard", "../../etc", ""])
      assert.equal((await ask(port, `/attempts.json?run=${encodeURIComponent(run)}`)).status, 404, run);
  });

  it("says 304 while nothing has changed", async () => {
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { port } = await started();
    const first = await ask(port, "/status.json");
    const again = await ask(port, "/status.json", { headers: { "if-none-match": String(first.headers.etag) } });
    assert.deepEqual([again.status, again.text], [304, ""]);
    assert.ok(Number(again.headers["spotfold-store-time"]) > 0);
  });

  it("refuses names that are not this machine's, and other origins", async () => {
    const { port } = await started();
    const at = `127.0.0.1:${port}`;
    const refused: readonly Record<string, string>[] = [
      { host: "evil.example" },
      { host: `evil.example:${port}` },
      { host: at, origin: "http://evil.example" },
      { host: at, origin: "null" },
      { host: at, origin: `http://127.0.0.1:${port + 1}` },
      { host: at, "sec-fetch-site": "cross-site" },
      { host: at, "sec-fetch-site": "same-site" },
    ];
    for (const headers of refused) {
      for (const path of ["/status.json", "/login", "/attempts.json?run=a"])
        assert.equal((await ask(port, path, { headers })).status, 403, JSON.stringify(headers));
    }
    const own = { host: at, origin: `http://${at}`, "sec-fetch-site": "same-origin" };
    assert.equal((await ask(port, "/status.json", { headers: own })).status, 200);
    const link = { host: at, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    assert.equal((await ask(port, "/", { headers: link })).status, 200);
  });

  it("is read-only, and nobody keeps or frames what it says", async () => {
    const { port } = await started();
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      assert.equal((await ask(port, "/status.json", { method })).status, 405, method);
    for (const path of ["/", "/status.json", "/nothing"]) {
      const { headers } = await ask(port, path);
      assert.equal(headers["cache-control"], "no-store", path);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.match(String(headers["content-security-policy"]), /^default-src 'none';.*frame-ancestors 'none'$/);
      assert.doesNotMatch(String(headers["content-security-policy"]), /unsafe/);
      assert.equal(headers["access-control-allow-origin"], undefined);
    }
  });

  it("takes a token beyond this machine, as a bearer's or by a login's cookie", async () => {
    await assert.rejects(started("0.0.0.0"), /needs a token/);
    const { port } = await started("0.0.0.0", token);
    assert.equal((await ask(port, "/")).status, 200);
    const bearer = (text: string): Ask => ({ headers: { authorization: `Bearer ${text}` } });
    for (const wrong of [{}, bearer("wrong"), bearer(`${token}x`), bearer(""), { headers: { cookie: `a=${token}` } }])
      assert.equal((await ask(port, "/status.json", wrong)).status, 401);
    assert.equal((await ask(port, `/status.json?token=${token}`)).status, 401);
    assert.equal((await ask(port, "/status.json", bearer(token))).status, 200);
    const login = async (text: string, type = "application/json"): Promise<Answer> => {
      const body = JSON.stringify({ token: text });
      return await ask(port, "/login", { method: "POST", headers: { "content-type": type }, body });
    };
    assert.equal((await login("wrong")).status, 401);
    assert.equal((await login(token, "text/plain")).status, 401);
    const taken = await login(token);
    const [cookie = ""] = taken.headers["set-cookie"] ?? [];
    assert.match(cookie, /; HttpOnly; SameSite=Strict;/);
    assert.ok(!cookie.includes(token));
    const [pair = ""] = cookie.split(";");
    assert.equal((await ask(port, "/status.json", { headers: { cookie: pair } })).status, 200);
    assert.equal((await ask(port, "/status.json", { headers: { cookie: `${pair}x` } })).status, 401);
  });

  it("acts with the flag alone, for who has the token, from its own origin, on what is a run", async () => {
    const headers = { "content-type": "application/json" };
    const cancel = { method: "POST", body: JSON.stringify({ action: "cancel", run: runs.going }) };
    const readOnly = await started();
    for (const step of ["plan", "run"])
      assert.match((await ask(readOnly.port, `/actions/${step}`, { ...cancel, headers })).text, /read-only/);
    const { port } = await started("127.0.0.1", token, ["spotfold"]);
    const known = { ...headers, authorization: `Bearer ${token}` };
    const statusFor = async (changes: Ask): Promise<number> =>
      (await ask(port, "/actions/run", { ...cancel, headers: known, ...changes })).status;
    assert.equal(await statusFor({ headers }), 401);
    assert.equal(await statusFor({ headers: { ...known, origin: "http://evil.example" } }), 403);
    assert.equal(await statusFor({ headers: { ...known, "content-type": "text/plain" } }), 400);
    assert.equal(await statusFor({ method: "GET" }), 405);
    for (const run of ["--help", "a b", "../x", "$(id)", ""])
      assert.equal(await statusFor({ body: JSON.stringify({ action: "cancel", run }) }), 400, run);
    assert.equal(await statusFor({ body: JSON.stringify({ action: "doctor", run: runs.going }) }), 400);
    const plan = await ask(port, "/actions/plan", { ...cancel, headers: known });
    assert.match(plan.text, new RegExp(`"command":"cd ${folder} && spotfold cancel ${runs.going} --store `));
  });

  it("acts for nobody without a token, on this machine neither", async () => {
    await assert.rejects(started("127.0.0.1", null, ["spotfold"]), /a status page that acts needs a token/);
  });

  for (const [words, cure] of [
    [["serve", "--allow-actions"], "Add --status"],
    [["serve", "--token-file", "token"], "Add --status"],
    [["master", "--allow-actions"], "Add --http"],
    [["master", "--token-file", "token"], "Add --http"],
  ] as const) {
    it(`refuses ${words.join(" ")}: there is no page`, async () => {
      const { code, stderr } = await spotfold(folder, words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, new RegExp(`^spotfold: ${words[1]} is for the status page, .*\n  ${cure}`));
    });
  }

  for (const flags of [["--http", "0"], ["--token-file", "token"], ["--allow-actions"]]) {
    it(`refuses master --once ${flags.join(" ")}, whatever else is missing`, async () => {
      const { code, stderr } = await spotfold(folder, ["master", "--once", ...flags]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^spotfold: the status page is of a master that stays, .*\n {2}Leave --once out/);
    });
  }

  for (const [words, listening] of [
    [["serve", "--status", "--port", "0", "--allow-actions"], /Status of .* at (http:\S+)/],
    [["master", "--http", "0", "--allow-actions"], /"event":"status-page-listening".*"url":"(http:[^\s"]+)/],
  ] as const) {
    it(`makes a token that ${words[0]} tells once, where no log is`, async function made() {
      this.timeout(180_000);
      const server = await startSpotfold(folder, words);
      const [, url = ""] = await server.waitFor(listening, 120_000);
      const [, secret = ""] = await server.waitFor(/asks for this token: ([0-9a-f]{64})\n/, 120_000);
      const body = JSON.stringify({ action: "cancel", run: runs.going });
      const planAs = async (headers: Record<string, string>): Promise<number> => {
        const all = { "content-type": "application/json", ...headers };
        return (await fetch(new URL("actions/plan", url), { method: "POST", headers: all, body })).status;
      };
      assert.equal(await planAs({}), 401);
      assert.equal(await planAs({ authorization: `Bearer ${secret}` }), 200);
      assert.equal((await fetch(new URL("status.json", url))).status, 401);
      server.kill("SIGTERM");
      assert.equal((await server.waitForEnd(120_000)).code, 0);
      assert.equal(server.stdout().split(secret).length, 2);
      assert.ok(!server.stderr().includes(secret));
    });
  }

  it("executes the command that it shows", async () => {
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { port } = await started("127.0.0.1", token, [process.execPath, bin]);
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const body = JSON.stringify({ action: "cancel", run: runs.waiting });
    const post = async (step: string): Promise<{ command: string; code?: number; output?: string }> =>
      JSON.parse((await ask(port, `/actions/${step}`, { method: "POST", headers, body })).text) as { command: string };
    const { command } = await post("plan");
    const done = await post("run");
    assert.equal(done.command, command);
    assert.equal(done.code, 0, done.output);
    assert.match(done.output ?? "", /is cancelled; no master had admitted it/);
    // What is shown, typed by a person who stands elsewhere.
    const typed = await run("sh", ["-c", command], { cwd: tempDir("elsewhere") });
    assert.match(typed.stdout, new RegExp(`${runs.waiting} was cancelled before`), typed.stderr);
    await clock.advance(60_000);
    const { runs: lines, inbox } = await statusOf(port);
    assert.deepEqual(inbox, []);
    assert.equal(lines.find(({ run }) => run === runs.waiting)?.state, "cancelled");
  });

  it("reads tokens and addresses, and says what is wrong with them", () => {
    writeFileSync(join(folder, "good"), `${token}\nmore\n`);
    writeFileSync(join(folder, "short"), "abc\n");
    assert.equal(tokenOf("good", folder), token);
    assert.equal(tokenOf(undefined, folder), null);
    for (const file of ["short", "absent"]) assert.throws(() => tokenOf(file, folder), /--token-file/);
    assert.deepEqual(addressOf("8082"), { host: "127.0.0.1", port: 8082 });
    assert.deepEqual(addressOf("0.0.0.0:1"), { host: "0.0.0.0", port: 1 });
    assert.deepEqual(addressOf("[::]:1"), { host: "::", port: 1 });
    for (const wrong of ["", "a", "1:2:3", "70000", ":1", "::1"]) assert.throws(() => addressOf(wrong), /--http/);
  });
});
