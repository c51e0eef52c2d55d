import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { catalogSync } from "../../cli/commands/catalog.ts";
import { doctor } from "../../cli/commands/doctor.ts";
import type { Outcome } from "../../cli/doctor/check.ts";
import { Catalog } from "../../shared/catalog/catalog.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

interface Report {
  readonly format: 1;
  readonly ok: boolean;
  readonly checks: readonly Outcome[];
  readonly settings: Readonly<Record<string, unknown>> | null;
}

async function report(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Report & { code: number }> {
  const captured = capturedIo(folder, { variables });
  const code = await doctor({ json: true }, captured.io);
  assert.equal(captured.out().indexOf("\n"), captured.out().length - 1);
  return { ...(JSON.parse(captured.out()) as Report), code };
}

function failures({ checks }: Report): string[] {
  return checks.filter(({ state }) => state === "failed").map(({ name }) => name);
}

/** Every path below, with sizes of files. */
function treeOf(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path}${entry.isFile() ? ` ${statSync(path).size}` : "/"}`;
    })
    .toSorted();
}

async function makeStores(folder: string): Promise<void> {
  for (const name of ["store", "web"]) {
    const store = await FolderBlobStore.open(join(folder, ".spotfold", name), { create: true });
    await store.put("a/b", Buffer.from("x"));
    await store.close();
  }
  const queue = await SqliteJobQueue.open(join(folder, ".spotfold/queue.db"), {
    name: "jobs",
    clock: systemClock,
    random: systemRandom,
  });
  await queue.send([{ body: "a" }, { body: "b" }]);
  await queue.close();
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "logs/a"), "x");
  await catalogSync({ data: "./logs", layout: "{name}" }, capturedIo(folder).io);
}

describe("spotfold doctor", function () {
  this.timeout(60_000);

  it("finds all well where nothing is yet, and leaves nothing", async () => {
    const folder = tempDir("doctor");
    const result = await report(folder);
    assert.deepEqual([result.code, result.ok, failures(result)], [0, true, []]);
    const names = result.checks.map(({ name }) => name);
    for (const name of "node platform codecs clock settings disk work store web queue catalog children datasets".split(
      " ",
    )) {
      assert.ok(names.includes(name), name);
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  it("finds all well in stores that are used, and leaves them as they were", async () => {
    const folder = tempDir("doctor");
    await makeStores(folder);
    const before = treeOf(folder);
    const result = await report(folder);
    assert.deepEqual(failures(result), []);
    const detail = (name: string): string => result.checks.find((check) => check.name === name)?.detail ?? "";
    assert.match(detail("queue"), /: 2 jobs$/);
    assert.match(detail("catalog"), /: 1 dataset$/);
    assert.deepEqual(treeOf(folder), before);
  });

  it("knows a catalog whose every word is still in the log of whoever has it open, and one of another program", async () => {
    const folder = tempDir("doctor");
    const file = join(folder, ".spotfold/catalog.db");
    const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
    assert.equal(readFileSync(file).readUInt32BE(68), 0);
    const found = (result: Report): Outcome | undefined => result.checks.find(({ name }) => name === "catalog");
    assert.match(found(await report(folder))?.detail ?? "", /: 0 datasets$/);
    catalog.close();

    const other = join(folder, "other.db");
    const db = new DatabaseSync(other);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA application_id = 7; CREATE TABLE t (x)");
    const outcome = found(await report(folder, { SPOTFOLD_CATALOG: other }));
    assert.deepEqual([outcome?.state, /another program/.test(outcome?.detail ?? "")], ["failed", true]);
    db.close();
  });

  it("makes nothing in folders that are there but no stores yet", async () => {
    const folder = tempDir("doctor");
    for (const name of ["store", "web", "work"]) mkdirSync(join(folder, ".spotfold", name), { recursive: true });
    const before = treeOf(folder);
    assert.deepEqual(failures(await report(folder)), []);
    assert.deepEqual(treeOf(folder), before);
  });

  it("lists every problem of the settings, and tries what does not depend on them", async () => {
    const folder = tempDir("doctor");
    writeFileSync(join(folder, "spotfold.config.json"), '{ "slots": 0, "stoer": "x" } // hm');
    const result = await report(folder, { SPOTFOLD_TIMING_LEASE_MS: "soon" });
    assert.deepEqual([result.code, result.ok, result.settings], [1, false, null]);
    assert.deepEqual(failures(result), ["settings"]);
    const settings = result.checks.find(({ name }) => name === "settings")?.detail ?? "";
    for (const name of ["slots", "stoer", "timing.leaseMs"]) assert.match(settings, new RegExp(name));
    assert.equal(result.checks.find(({ name }) => name === "node")?.state, "ok");
  });

  it("says which dataset cannot be reached, and how much of the others matches", async () => {
    const folder = tempDir("doctor");
    mkdirSync(join(folder, "here"));
    for (const name of ["a.txt", "b.txt", "c.log"]) writeFileSync(join(folder, "here", name), "");
    const datasets = { gone: { place: "gone" }, here: { place: "here", layout: "{name}.txt" } };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets }));
    const result = await report(folder);
    assert.deepEqual([result.code, failures(result)], [1, ["gone"]]);
    assert.match(result.checks.find(({ name }) => name === "here")?.detail ?? "", /2 of the first 3 keys match/);
  });

  it("says which of the places cannot be used, and goes on", async () => {
    const folder = tempDir("doctor");
    mkdirSync(join(folder, ".spotfold"));
    writeFileSync(join(folder, ".spotfold/store"), "a file");
    const db = new DatabaseSync(join(folder, ".spotfold/catalog.db"));
    db.exec("PRAGMA application_id = 7; CREATE TABLE theirs (x)");
    db.close();
    writeFileSync(join(folder, ".spotfold/queue.db"), "no database at all, but more than a hundred bytes ".repeat(9));
    const before = treeOf(folder);
    const result = await report(folder);
    assert.deepEqual(failures(result), ["store", "queue", "catalog"]);
    assert.deepEqual(treeOf(folder), before);
  });

  it("leaves a damaged catalog to the command that needs one", async () => {
    const folder = tempDir("doctor");
    mkdirSync(join(folder, ".spotfold"));
    const file = join(folder, ".spotfold/catalog.db");
    writeFileSync(file, "damaged");
    const result = await report(folder);
    assert.deepEqual(failures(result), []);
    assert.match(result.checks.find(({ name }) => name === "catalog")?.detail ?? "", /begins it anew/);
    assert.equal(readFileSync(file, "utf8"), "damaged");
  });

  it("prints a line for each check, a hint below what failed, and the settings without credentials", async () => {
    const folder = tempDir("doctor");
    const datasets = { far: { place: "s3://me:secret@bucket/x" } };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets }));
    const captured = capturedIo(folder);
    assert.equal(await doctor({}, captured.io), 1);
    assert.match(captured.out(), /^ok {6}node {8}24\./m);
    assert.match(captured.out(), /^failed {2}far .*\n {10,}\S/m);
    assert.match(captured.out(), /^ {2}slots = \d+$/m);
    assert.match(captured.out(), /\n1 check failed\.\n$/);
    assert.doesNotMatch(captured.out(), /secret/);
  });

  it("stops at Ctrl-C", async () => {
    const folder = tempDir("doctor");
    const captured = capturedIo(folder);
    captured.interrupt();
    assert.equal(await doctor({}, captured.io), 130);
    assert.deepEqual(readdirSync(folder), []);
  });

  describe("on a disk that cannot be written", () => {
    needs("linux");

    it("names the folder, and does not fail by itself", async () => {
      const folder = tempDir("doctor");
      symlinkSync("/proc", join(folder, ".spotfold"));
      const result = await report(folder);
      assert.deepEqual(failures(result).slice(-5), ["store", "web", "queue", "catalog", "children"]);
      assert.match(result.checks.find(({ name }) => name === "store")?.detail ?? "", /^Nothing can be written in /);
    });
  });
});
