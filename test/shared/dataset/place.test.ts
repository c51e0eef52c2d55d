import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "mocha";
import {
  checkDatasets,
  datasetFromPlace,
  isPlace,
  normalisePlace,
  placesOverlap,
} from "../../../shared/dataset/place.ts";
import { SpotfoldError } from "../../../shared/errors.ts";

const dataset = (name: string, place: string) => ({ name, place, layout: "telemetry", records: "telemetry" });

describe("places", () => {
  it("tells a place from a name", () => {
    for (const text of ["./logs", "a/b", ".", "logs.d", "s3://bucket", "file:/x"]) assert.ok(isPlace(text), text);
    for (const text of ["logs", "my-data"]) assert.ok(!isPlace(text), text);
  });

  it("is absolute, in one spelling", () => {
    for (const text of ["/home/me/logs", "./logs", "logs/", "../me/logs//", "file:logs", "file:///home/me/logs/"]) {
      assert.equal(normalisePlace(text, "/home/me"), "file:/home/me/logs", text);
    }
    assert.equal(normalisePlace("s3://bucket/a/b/", "/"), "s3://bucket/a/b");
    assert.throws(
      () => normalisePlace("http://x/y", "/"),
      (error) => error instanceof SpotfoldError && error.code === "usage",
    );
  });

  it("makes a dataset of a place", () => {
    const hash = createHash("sha256").update("file:/data/My Logs (2)").digest("hex").slice(0, 8);
    assert.deepEqual(datasetFromPlace("My Logs (2)/", "/data"), {
      name: `my-logs-2-${hash}`,
      place: "file:/data/My Logs (2)",
      layout: "telemetry",
      records: "telemetry",
    });
    assert.equal(datasetFromPlace("x/", "/", "dt={date:yyyy-MM-dd}/").records, "ndjson");
    assert.equal(datasetFromPlace("x/", "/", "dt={date:yyyy-MM-dd}/", "text").records, "text");
    assert.match(datasetFromPlace("/", "/").name, /^data-[0-9a-f]{8}$/);
    assert.match(datasetFromPlace(`/${"é-".repeat(200)}x`, "/").name, /^[a-z0-9][a-z0-9-]{0,62}$/);
    assert.match(datasetFromPlace(`/${"x".repeat(200)}`, "/").name, /^x{54}-[0-9a-f]{8}$/);
    assert.throws(() => datasetFromPlace("x/", "/", "nonsense"), /no layout/);
  });

  const overlaps = [
    ["file:/a/b", "file:/a/b", true],
    ["file:/a", "file:/a/b", true],
    ["file:/a/b/", "file:/a", true],
    ["file:/", "file:/a", true],
    ["file:/a/b", "file:/a/bc", false],
    ["s3://x/a", "s3://x", true],
    ["s3://x", "s3://xy", false],
    ["s3://a/b", "file:/a/b", false],
  ] as const;
  for (const [a, b, expected] of overlaps) {
    it(`${a} and ${b} ${expected ? "overlap" : "lie apart"}`, () => {
      assert.equal(placesOverlap(a, b), expected);
      assert.equal(placesOverlap(b, a), expected);
    });
  }

  it("refuses datasets that hold the same blocks", () => {
    checkDatasets([dataset("a", "file:/a"), dataset("b", "file:/b")]);
    assert.throws(
      () => checkDatasets([dataset("a", "file:/a"), dataset("b", "file:/a/b")]),
      /datasets a and b overlap/,
    );
    assert.throws(() => checkDatasets([dataset("a", "file:/a"), dataset("a", "file:/b")]), /a is there twice/);
    assert.throws(() => checkDatasets([dataset("A", "file:/a")]), /no name for a dataset/);
  });
});
