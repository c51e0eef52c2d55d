import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import histograms from "../../../jobs/histograms/index.ts";
import { boundsOf } from "../../../jobs/histograms/bounds.ts";
import { CHANGED_MEASURE, CHANGED_MEASURE_BEFORE, type SampleDefinition } from "../../../jobs/sample/definitions.ts";
import { SAMPLE_RECORD_BYTES, sampleBlock, sampleDefinitions } from "../../../jobs/sample/index.ts";
import type { TestBlock } from "../../../jobs/testing.ts";
import { checkMerge, renderUnits, runAnalysis } from "../../../jobs/testing.ts";
import { seeded, shuffled } from "../../../jobs/testing/orders.ts";
import type { Dimensions } from "../histograms/plain-dashboard.ts";
import { plainDashboard } from "../histograms/plain-dashboard.ts";
import { assertSameFiles } from "../histograms/same-files.ts";

const LINE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}\t(\{.*\})$/;
const KEY =
  /^saved_session\/Firefox\/(nightly|aurora|beta|release)\/[0-9.a]+\/2013\d{10}\.201\d{5}\.v2\.log\.[0-9a-f]{32}$/;

function dimensionsOf(key: string): Dimensions {
  const [reason = "", appName = "", appUpdateChannel = "", appVersion = "", file = ""] = key.split("/");
  const [appBuildID = "", date = ""] = file.split(".");
  return { reason, appName, appUpdateChannel, appVersion, appBuildID, submission_date: date };
}

function textOf(seed: number, index: number, records: number): { key: string; text: string } {
  const { key, chunks } = sampleBlock(seed, index, { records });
  return { key, text: Buffer.concat([...chunks]).toString() };
}

function blockOf(seed: number, index: number, records: number): TestBlock {
  const { key, text } = textOf(seed, index, records);
  const lines = text.split("\n").slice(0, -1);
  return { key, dimensions: dimensionsOf(key), records: lines.map((line) => LINE.exec(line)?.[1] ?? line) };
}

function digestOf(seed: number, index: number): string {
  const { key, text } = textOf(seed, index, 40);
  return createHash("sha256").update(key).update(text).digest("hex");
}

describe("the sample", () => {
  it("is the same for the same seed, and another for another", () => {
    const first = [digestOf(1, 0), digestOf(1, 1), digestOf(2, 0)];
    // What was made in between must not matter.
    for (const seed of [3, 4, 5, 6]) digestOf(seed, 0);
    assert.deepEqual([digestOf(1, 0), digestOf(1, 1), digestOf(2, 0)], first);
    assert.equal(new Set(first).size, 3);
  });

  it("has records and keys of the telemetry layout, of the size that it says", () => {
    const { key, text } = textOf(7, 3, 100);
    assert.match(key, KEY);
    const lines = text.split("\n");
    assert.equal(lines.pop(), "");
    assert.equal(lines.length, 100);
    assert.ok(Math.abs(text.length / lines.length / SAMPLE_RECORD_BYTES - 1) < 0.05, `${text.length / lines.length}`);
    assert.equal(new Set(lines).size, 100);
    for (const line of lines) {
      const ping = JSON.parse(LINE.exec(line)?.[1] ?? "") as { ver: number; histograms: Record<string, number[]> };
      assert.equal(ping.ver, 2);
      const count = Object.keys(ping.histograms).length;
      assert.ok(count >= 100 && count <= 400, `${count} histograms`);
    }
  });

  it("comes in pieces that stay as they are", () => {
    const { chunks } = sampleBlock(1, 2, { records: 70 });
    const pieces: Uint8Array[] = [];
    const copies: Buffer[] = [];
    for (const piece of chunks) {
      pieces.push(piece);
      copies.push(Buffer.from(piece));
    }
    assert.ok(pieces.length > 1);
    assert.deepEqual(Buffer.concat(pieces), Buffer.concat(copies));
    assert.deepEqual([...sampleBlock(1, 2, { records: 0 }).chunks], []);
  });

  it("spreads over channels, versions, builds, days and systems, some of them late", () => {
    const keys = Array.from({ length: 60 }, (_, index) => sampleBlock(1, index, { records: 0 }).key);
    assert.equal(new Set(keys).size, 60);
    const all = keys.map(dimensionsOf);
    assert.equal(new Set(all.map((one) => `${one["appUpdateChannel"]}/${one["appVersion"]}`)).size, 5);
    assert.ok(new Set(all.map((one) => one["submission_date"])).size > 20);
    assert.ok(all.some((one) => (one["submission_date"] ?? "") > "20131201"));
  });

  it("has arrays that fit its definitions, but for the one that changed", () => {
    const definitions = sampleDefinitions();
    const lengths = new Set<number>();
    for (const index of [0, 1, 4, 5, 6]) {
      for (const record of blockOf(1, index, 4).records) {
        const { histograms } = JSON.parse(record as string) as { histograms: Record<string, number[]> };
        for (const [name, array] of Object.entries(histograms)) {
          if (name === CHANGED_MEASURE) lengths.add(array.length - 5);
          else assert.equal(array.length - 5, boundsOf({ ...definitions[name] })?.length, name);
        }
      }
    }
    assert.deepEqual(
      [...lengths].toSorted((a, b) => a - b),
      [20, 25],
    );
  });

  it("has statistics that belong to its buckets", () => {
    const definitions: Record<string, SampleDefinition> = {
      ...sampleDefinitions(),
      [CHANGED_MEASURE]: CHANGED_MEASURE_BEFORE,
    };
    let seen = 0;
    // Block 0 is of a build before the change.
    for (const record of blockOf(1, 0, 20).records) {
      const { histograms } = JSON.parse(record as string) as { histograms: Record<string, number[]> };
      for (const [name, array] of Object.entries(histograms)) {
        const bounds = boundsOf({ ...definitions[name] }) ?? [];
        const counts = array.slice(0, bounds.length);
        const [sum = NaN, logs = NaN, logSquares = NaN, lo = NaN, hi = NaN] = array.slice(bounds.length);
        const n = counts.reduce((all, count) => all + count, 0);
        const least = counts.reduce((all, count, i) => all + count * (bounds[i] ?? 0), 0);
        // Values are whole: the greatest one of a bucket is one below the next bound. The last one has none.
        const most = counts.reduce(
          (all, count, i) => all + (count === 0 ? 0 : count * ((bounds[i + 1] ?? Infinity) - 1)),
          0,
        );
        const where = `${name} ${array.join()}`;
        assert.ok(least <= sum && sum <= most, where);
        if (definitions[name]?.kind === "exponential") {
          const logsOf = (total: number): number => n * Math.log1p(total / n);
          // A mean of logarithms is at most the logarithm of the mean.
          assert.ok(logs >= 0 && logs <= logsOf(sum) + 1e-6, where);
          assert.ok(logSquares / n - (logs / n) ** 2 >= -1e-6, where);
          assert.deepEqual([lo, hi], [-1, -1]);
        } else if (definitions[name]?.kind !== "flag") {
          const spread = n * (lo + hi * 2 ** 32) - sum ** 2;
          assert.ok(counts.filter((count) => count > 0).length > 1 ? spread > 0 : spread === 0, where);
          assert.deepEqual([logs, logSquares], [-1, -1]);
        }
        seen++;
      }
    }
    assert.ok(seen > 1000);
  });

  describe("as the dashboard", () => {
    const inputs = { "definitions/Histograms.json": JSON.stringify(sampleDefinitions()) };
    const blocks = Array.from({ length: 15 }, (_, index) => blockOf(1, index, 3));

    it("is published as the plain reference has it, whatever the order", function () {
      this.timeout(60_000);
      const table = JSON.parse(inputs["definitions/Histograms.json"]) as Record<string, unknown>;
      const pings = blocks.flatMap(({ dimensions, records }) =>
        records.map((record) => ({ dimensions: dimensions ?? {}, json: JSON.parse(record as string) as unknown })),
      );
      const expected = plainDashboard(pings, () => table).units;
      const { entries } = runAnalysis(histograms, shuffled(blocks, seeded(3)), { inputs });
      const units = renderUnits(histograms, entries, { inputs });
      assert.deepEqual(units.map(({ label }) => label).toSorted(), [...expected.keys()].toSorted());
      for (const { label, files, notes } of units) {
        assertSameFiles(files, expected.get(label)?.files);
        assert.equal(notes["pings"], expected.get(label)?.notes["pings"]);
      }
      const leftOut = units.flatMap(({ notes }) => notes["definitionsLeftOut"] as { measure: string; pings: number }[]);
      assert.ok(leftOut.some(({ measure, pings }) => measure === CHANGED_MEASURE && pings > 0));
    });

    it("merges exactly in any order", function () {
      this.timeout(60_000);
      const parts = blocks
        .slice(0, 5)
        .map((block) => runAnalysis(histograms, [block], { inputs }).entries.slice(0, 400));
      checkMerge(histograms, parts);
    });
  });
});
