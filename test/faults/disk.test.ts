/** A full disk and a read-only folder, real ones: a run waits for a cure, says what would be one, and loses nothing. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "../support/cleanup.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import type { Started } from "../support/processes.ts";
import { makeMixed, smallSource } from "./data.ts";
import { Site, shortTimes, withJson } from "./site.ts";
import { expectedCounts, writeSlowCounts } from "./slow.ts";

const diskMiB = 24;
const recordMs = 10;
const ballastBytes = 2 ** 16;
const endMsMax = 180_000;

describe("a disk", function disks() {
  this.timeout(400_000);
  needs("data", "tmpfs", "xz", "gzip", "zstd");
  let data: string;

  before(() => {
    const root = tempDir("disk-data");
    data = join(root, "blocks");
    makeMixed({ folder: data, blocks: 4, records: 40, seed: 3, source: smallSource(root) });
  });

  /** A file system of its own, unmounted at the test's end. */
  function mounted(options: string): string {
    const folder = join(tempDir("disk"), "mounted");
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]);
    atEnd(() => void execFileSync("umount", ["--lazy", folder]));
    return folder;
  }

  function fill(folder: string): void {
    for (const bytes of [ballastBytes, 1]) {
      try {
        for (;;) appendFileSync(join(folder, "ballast"), Buffer.alloc(bytes));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      }
    }
  }

  interface FullDisk {
    readonly site: Site;
    readonly command: Started;
    readonly args: readonly string[];
  }

  /** A run whose store, queue and scratch are on a disk that became full while it works. */
  async function runOnFullDisk(): Promise<FullDisk> {
    const folder = mounted(`size=${diskMiB}m`);
    const site = new Site(folder, shortTimes);
    const args = [writeSlowCounts(folder, recordMs), "--data", data, "--into", "slow", "--slots", "2"];
    const command = await site.start(["run", ...args, "--json"]);
    await command.waitFor(/blocks to do/, endMsMax);
    await sleep(1_000);
    fill(folder);
    return { site, command, args };
  }

  it("that is full holds a run, which says so, and the same command goes on afterwards", async () => {
    const { site, command, args } = await runOnFullDisk();
    const end = withJson(await command.waitForEnd(endMsMax));
    assert.equal(end.code, 4, end.stderr);
    assert.match(end.json.error?.message ?? "", /disk is full/);
    assert.match(end.json.error?.hint ?? "", /(?:space|room on the disk).*spotfold(?:\.cjs)? run/);
    assert.doesNotMatch(end.stderr, /^ +at /m, "no stack for what a user did");
    rmSync(join(site.folder, "ballast"));
    const again = await site.runWhole(args);
    assert.equal(again.json.blocks.covered, 20);
    assert.equal((await site.call(["results", "slow"])).stdout, expectedCounts(data));
  });

  it("that is full for a while costs a run that while", async () => {
    const { site, command } = await runOnFullDisk();
    await command.waitFor(/disk is full/, endMsMax);
    rmSync(join(site.folder, "ballast"));
    const end = withJson(await command.waitForEnd(endMsMax));
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(end.json.blocks.missing, []);
    assert.equal((await site.call(["results", "slow"])).stdout, expectedCounts(data));
  });

  it("that is read-only is refused as --out, before anything is done", async () => {
    const site = new Site(tempDir("read-only"));
    const out = mounted("size=1m,ro");
    const end = await site.run(["counts", "--by", "$.info.OS", "--data", data, "--out", out]);
    assert.equal(end.code, 1, end.stderr);
    assert.equal(end.json.error?.code, "read-only");
    assert.ok(end.json.error.message.includes(out) || end.stderr.includes(out), "it says which folder");
    assert.deepEqual(readdirSync(out), []);
    assert.doesNotMatch(end.stderr, /blocks to do/);
  });

  it("that is read-only is refused as the folder to work in", async () => {
    const folder = mounted("size=1m,ro");
    const end = await new Site(folder).run(["counts", "--by", "$.info.OS", "--data", data]);
    assert.equal(end.code, 1, end.stderr);
    assert.equal(end.json.error?.code, "read-only");
    assert.deepEqual(readdirSync(folder), []);
  });
});
