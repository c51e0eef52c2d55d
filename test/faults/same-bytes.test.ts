/**
 * The same blocks give the same published bytes however they were worked on, and these are what a plain sequential program
 * gives: with one slot and with two, with four workers of which one is killed, in two halves.
 */
import assert from "node:assert/strict";
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { referenceDashboard, type ReferenceDashboard } from "../reference/dashboard.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { codecs, definitionsFile, makeBlocks, makeMixed, smallSource, writeOddBlock } from "./data.ts";
import { Family } from "./family.ts";
import { assertEqualsReference, assertSamePublished, readPublished, type Published } from "./published.ts";
import { Site } from "./site.ts";

const blocksPerCodec = 3;
const recordsPerBlock = 6;
const workers = 4;
/** Of the real block's 452 in one channel and version. */
const measuresMin = 400;

describe("the published bytes", function publishedBytes() {
  this.timeout(500_000);
  needs("data", "linux", "xz", "gzip", "zstd");
  let root: string;
  let data: string;
  let keys: string[];
  let args: string[];
  let reference: ReferenceDashboard;
  let expected: Published;

  before(() => {
    root = tempDir("same-bytes");
    data = join(root, "blocks");
    const source = smallSource(root);
    keys = makeMixed({ folder: data, blocks: blocksPerCodec, records: recordsPerBlock, seed: 7, source });
    const plain = keys.find((key) => key.endsWith(".json"));
    keys.push(writeOddBlock(data, plain ?? ""));
    args = ["histograms", "--data", data, "--definitions", definitionsFile()];
    reference = referenceDashboard(data, definitionsFile());
    assert.ok(reference.units.size >= 2 && reference.rejected === 4);
  });

  function site(name: string): Site {
    const folder = join(root, name);
    mkdirSync(folder);
    return new Site(folder);
  }

  it("of one slot are those of the sequential reference", async () => {
    const one = site("one");
    const { json } = await one.runWhole([...args, "--out", "out", "--slots", "1"]);
    assert.equal(json.blocks.covered, keys.length);
    assert.equal(json.records.read, reference.records);
    expected = readPublished(join(one.folder, "out"));
    assertEqualsReference(expected, reference);
  });

  it("of two slots are the same, and the same again when the command is repeated", async () => {
    const two = site("two");
    const first = await two.runWhole([...args, "--out", "out", "--slots", "2"]);
    assertSamePublished(readPublished(join(two.folder, "out")), expected);
    const again = await two.runWhole([...args, "--out", "out", "--slots", "2"]);
    assert.deepEqual(again.json.blocks, first.json.blocks);
    assertSamePublished(readPublished(join(two.folder, "out")), expected);
  });

  it("of two halves are the same", async () => {
    const halves = site("halves");
    const later = join(root, "later");
    const held = keys.filter((_, i) => i % 2 === 0);
    const move = (from: string, to: string): void => {
      for (const key of held) {
        mkdirSync(dirname(join(to, key)), { recursive: true });
        renameSync(join(from, key), join(to, key));
      }
    };
    move(data, later);
    try {
      const { json } = await halves.runWhole([...args, "--out", "out"]);
      assert.equal(json.blocks.selected, keys.length - held.length);
      assertEqualsReference(readPublished(join(halves.folder, "out")), referenceDashboard(data, definitionsFile()));
    } finally {
      move(later, data);
    }
    const { json } = await halves.runWhole([...args, "--out", "out"]);
    assert.equal(json.blocks.covered, keys.length);
    assertSamePublished(readPublished(join(halves.folder, "out")), expected);
  });

  it("of four workers beside a master, one of them killed at work, are the same", async () => {
    const four = site("four");
    const submitted = await four.call(["submit", ...args, "--json"]);
    assert.equal(submitted.code, 0, submitted.stderr);
    const { aggregate } = JSON.parse(submitted.stdout) as { aggregate: string };
    const master = await four.start(["master"]);
    const others = await Promise.all(
      Array.from({ length: workers }, async () => await four.start(["worker", "--slots", "1"])),
    );
    const families = [master, ...others].map(({ pid }) => new Family(pid));
    await others[0]?.waitFor(/"event":"job-started"/);
    others[0]?.kill("SIGKILL");
    const waited = await four.call(["submit", ...args, "--wait", "--json"]);
    assert.equal(waited.code, 0, waited.stderr + waited.stdout);
    const published = join(four.folder, ".spotfold/web", aggregate);
    await four.call(["master", "--once"]);
    assertSamePublished(readPublished(published), expected);
    const ends = [master, ...others.slice(1)].map(async (daemon) => {
      daemon.kill("SIGTERM");
      assert.equal((await daemon.waitForEnd()).code, 0, daemon.stderr());
    });
    await Promise.all(ends);
    for (const family of families) await family.assertGone();
  });

  it("with all measures of real pings are those of the sequential reference", async () => {
    const all = site("all");
    const folder = join(all.folder, "blocks");
    for (const codec of codecs) makeBlocks({ folder, blocks: 1, records: recordsPerBlock, seed: 3, codec });
    await all.runWhole(["histograms", "--data", folder, "--definitions", definitionsFile(), "--out", "out"]);
    const published = readPublished(join(all.folder, "out"));
    assertEqualsReference(published, referenceDashboard(folder, definitionsFile()));
    for (const files of published.units.values()) assert.ok(files.size > measuresMin * 2);
  });
});
