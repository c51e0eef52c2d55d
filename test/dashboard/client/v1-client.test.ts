/** What a run publishes is what the original's clients read: the calls of its module, over HTTP, and the same numbers as ours. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openSite, type Site } from "../../../dashboard/client/index.ts";
import { smallSample, spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";
import { serveFolder } from "../page/static-server.ts";
import { TelemetryV1, type EvolutionV1 } from "./v1-client.ts";

/** As pages written then did it. */
function loaded<Result>(load: (done: (result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve) => load(resolve));
}

/** Kinds that its bucket code knew. */
const knownKinds = ["exponential", "linear", "boolean", "flag", "enumerated"];

describe("a client of the original's v1 layout", function v1() {
  this.timeout(300_000);
  const bases: string[] = [];

  before(async () => {
    const folder = tempDir("v1");
    const sample = await smallSample(join(folder, "sample"), 4, 2);
    const out = join(folder, "out");
    const args = ["run", "histograms", "--data", sample.data, "--definitions", sample.definitions, "--out", out];
    const ended = await spotfold(folder, args);
    assert.equal(ended.code, 0, ended.stderr);
    const plain = await serveFolder(out);
    atEnd(plain.close);
    const server = await startSpotfold(folder, ["serve", out, "--port", "0"]);
    atEnd(async () => await server.stop());
    const [served] = await server.waitFor(/http:\/\/127\.0\.0\.1:\d+\//);
    bases.push(plain.base, served);
  });

  it("finds versions, measures and their definitions, over a file server and over serve", async () => {
    for (const base of bases) {
      const telemetry = new TelemetryV1(base);
      assert.throws(() => telemetry.versions(), /init must come first/);
      await loaded<void>((done) => telemetry.init(() => done()));
      const site = await openSite(base);
      assert.deepEqual(telemetry.versions(), site.versions.toSorted());
      for (const version of telemetry.versions()) {
        assert.match(version, /^[^/]+\/\d+$/);
        const measures = await loaded<object>((done) => telemetry.measures(version, done));
        assert.deepEqual(Object.keys(measures).toSorted(), [...(await site.measures(version)).keys()].toSorted());
      }
    }
  });

  it("sums each kind of measure over dates and filters, as our client does", async () => {
    for (const base of bases) {
      const telemetry = new TelemetryV1(base);
      await loaded<void>((done) => telemetry.init(() => done()));
      const site = await openSite(base);
      const version = telemetry.versions()[0] ?? "";
      const kinds = new Set<string>();
      for (const [name, measure] of await site.measures(version)) {
        if (!knownKinds.includes(measure.kind) || kinds.has(measure.kind)) continue;
        kinds.add(measure.kind);
        for (const over of ["build-date", "submission-date"] as const) {
          const evolution = await loaded<EvolutionV1>((done) =>
            over === "build-date"
              ? telemetry.loadEvolutionOverBuilds(version, name, done)
              : telemetry.loadEvolutionOverTime(version, name, done),
          );
          assert.equal(evolution.measure(), name);
          assert.equal(evolution.kind(), measure.kind);
          assert.equal(evolution.description(), measure.description);
          await isLikeOurs(site, version, name, over, evolution);
        }
      }
      assert.ok(kinds.has("exponential") && kinds.size > 2, `the sample has ${[...kinds].join(", ")}`);
    }
  });
});

async function isLikeOurs(site: Site, version: string, name: string, over: string, old: EvolutionV1): Promise<void> {
  const ours = await site.evolution(version, name, over);
  const all = ours.range();
  const histogram = old.range();
  assert.ok(histogram.submissions() > 0, name);
  assert.deepEqual([histogram.submissions(), histogram.count()], [all.submissions, all.count]);
  const buckets: { count: number; start: number }[] = [];
  histogram.each((count, start) => buckets.push({ count, start }));
  assert.deepEqual(
    buckets,
    all.buckets.map(({ count, start }) => ({ count, start })),
  );
  if (all.mean !== null) assert.ok(Math.abs(histogram.mean() - all.mean) <= 1e-9 * Math.abs(all.mean), name);
  for (const percent of [5, 25, 50, 75, 95]) {
    const found = all.percentile(percent);
    if (found === null || found.to === null) continue;
    // Where a bucket is used up to its last sample, the original's walk went on to the next one.
    const next = all.buckets.find(({ start, count }) => start >= (found.to ?? 0) && count > 0);
    const value = histogram.percentile(percent);
    assert.ok(value >= found.from && value <= (next?.end ?? Infinity), `${name} ${percent}: ${value}`);
  }
  // Dates: each once, in order, and the range of one of them is what our client has of it.
  const days = old.map((date, day) => [date.getTime(), day.submissions()]);
  assert.deepEqual(
    days,
    ours.series().map(({ date, distribution }) => {
      const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number);
      return [new Date(year ?? 0, (month ?? 0) - 1, day).getTime(), distribution.submissions];
    }),
  );
  // Filters, one below the other: options of a level add up to it, and the last one is a leaf.
  let level = old;
  const names: string[] = [];
  for (let filter = level.filterName(); filter !== null; filter = level.filterName()) {
    names.push(filter);
    const options = level.filterOptions();
    const parts = options.map((option) => level.filter(option).range().submissions());
    assert.equal(
      parts.reduce((sum, part) => sum + part, 0),
      level.range().submissions(),
      `${name} by ${filter}`,
    );
    level = level.filter(options[parts.indexOf(Math.max(...parts))] ?? "");
  }
  assert.deepEqual(names, ours.dimensions);
  assert.deepEqual(level.filterOptions(), []);
}
