/**
 * Memory of a slot is flat in the size of a block: a worker, its decoder and its executor together stay within 300 MB while
 * they work on a block of 1 GB (raw) of each codec. Measured as proportional set size, which counts shared pages once.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codecs, definitionsFile, makeBlocks, type Codec } from "../faults/data.ts";
import { Family, roleOf } from "../faults/family.ts";
import { Site, withJson } from "../faults/site.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

const rawBytes = 1_000_000_000;
const slotMiBMax = 300;
const pollMs = 100;
const runMsMax = 900_000;
/** About 37 KB each: the part that is repeated is larger than any window of these levels. */
const recordsOfPart = 1_000;

const compressors: Readonly<Record<Exclude<Codec, "json">, readonly [string, ...string[]]>> = {
  lzma: ["xz", "--format=lzma", "-1", "-c"],
  xz: ["xz", "-1", "-c"],
  gz: ["gzip", "-1", "-c"],
  zst: ["zstd", "-q", "-3", "-c"],
};

/** Kibibytes; 0 for a process that is gone. */
function proportionalKiB(pid: number): number {
  try {
    return Number(/^Pss:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

describe("memory", function memory() {
  this.timeout(runMsMax);
  needs("data", "linux", "xz", "gzip", "zstd");
  let root: string;
  let plain: string;
  let key: string;

  before(() => {
    root = tempDir("memory");
    const folder = join(root, "part");
    [key = ""] = makeBlocks({ folder, blocks: 1, records: recordsOfPart, codec: "json", seed: 1 });
    const part = readFileSync(join(folder, key));
    plain = join(root, "plain");
    const file = openSync(plain, "w");
    for (let bytes = 0; bytes < rawBytes; bytes += part.length) writeSync(file, part);
    closeSync(file);
    rmSync(folder, { recursive: true });
  });

  function writeBlock(folder: string, codec: Codec): void {
    const path = join(folder, key.replace(/json$/, codec));
    mkdirSync(dirname(path), { recursive: true });
    const [command, ...args] = codec === "json" ? ["cat"] : compressors[codec];
    const { status } = spawnSync(command ?? "", [...args, plain], {
      stdio: ["ignore", openSync(path, "w"), "inherit"],
    });
    assert.equal(status, 0);
  }

  /** The largest sum of the worker and its children, by what a look at them says; MiB. */
  async function peakOf(family: Family): Promise<{ readonly sum: number; readonly parts: string }> {
    let peak = { sum: 0, parts: "" };
    while (!family.ended) {
      const members = family.look();
      const worker = members.find((member) => roleOf(member) === "worker");
      const slot = members.filter((member) => member === worker || member.parent === worker?.pid);
      const sizes = slot.map((member) => ({ role: roleOf(member), mib: proportionalKiB(member.pid) / 1024 }));
      const sum = sizes.reduce((all, { mib }) => all + mib, 0);
      if (sum > peak.sum) peak = { sum, parts: sizes.map(({ role, mib }) => `${role} ${mib.toFixed(0)}`).join(", ") };
      await sleep(pollMs);
    }
    return peak;
  }

  for (const codec of codecs) {
    it(`of a slot stays within ${slotMiBMax} MiB on a .${codec} block of ${rawBytes / 1e9} GB`, async () => {
      const site = new Site(tempDir(`memory-${codec}`), {});
      const data = join(site.folder, "blocks");
      writeBlock(data, codec);
      const args = ["histograms", "--data", data, "--definitions", definitionsFile(), "--slots", "1"];
      const command = await site.start(["run", ...args, "--json"]);
      const peak = await peakOf(new Family(command.pid));
      const end = withJson(await command.waitForEnd());
      assert.equal(end.code, 0, end.stderr);
      assert.ok(statSync(plain).size >= rawBytes);
      console.log(`      ${peak.sum.toFixed(0)} MiB: ${peak.parts}`);
      assert.ok(peak.sum <= slotMiBMax, `${peak.sum.toFixed(0)} MiB: ${peak.parts}`);
    });
  }
});
