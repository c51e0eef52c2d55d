/** Ids and keys: what is an id, how successors are named, that keys of different things never meet. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { codeOf } from "../../shared/errors.ts";
import { checkKey, compareKeys } from "../../shared/keys.ts";
import * as names from "../../shared/names.ts";

describe("ids", () => {
  for (const [id, valid] of [
    ["a", true],
    ["0-a", true],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    ["", false],
    ["-a", false],
    ["A", false],
    ["a_b", false],
    ["a/b", false],
    ["a.b", false],
    ["a\n", false],
  ] as const) {
    it(`${JSON.stringify(id)} is ${valid ? "" : "not "}one`, () => {
      assert.equal(names.isId(id), valid);
      if (valid) assert.equal(names.checkId("run", id), id);
      else
        assert.throws(
          () => names.checkId("run", id),
          (error) => codeOf(error) === "usage",
        );
    });
  }

  it("of plans, jobs, attempts and hashes have one form each", () => {
    assert.ok(names.isPlanName("run-1.0123456789ab"));
    for (const no of ["run-1", "run-1.0123456789a", "run-1.0123456789AB", ".0123456789ab", "a/b.0123456789ab"])
      assert.ok(!names.isPlanName(no), no);
    for (const yes of ["000000", "999999", "000042.1", "000042.1.2", "000042.9999"]) assert.ok(names.isJobId(yes), yes);
    for (const no of ["42", "0000420", "000042.", "000042.0", "000042.01", "000042.10000", "000042/1", "000042~"])
      assert.ok(!names.isJobId(no), no);
    assert.ok(names.isAttemptId("0123456789abcdef") && !names.isAttemptId("0123456789abcdeF"));
    assert.ok(names.isSha256("a".repeat(64)) && !names.isSha256("a".repeat(63)));
  });
});

describe("jobs", () => {
  it("are numbered by six digits, in the order of their keys", () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(999_999), (a, b) => {
        assert.equal(names.jobIndex(names.jobId(a)), a);
        assert.ok(names.isJobId(names.jobId(a)));
        assert.equal(Math.sign(compareKeys(names.jobId(a), names.jobId(b))), Math.sign(a - b));
      }),
    );
  });

  it("descend from one of the plan, sort behind it and before the next, and know how deep they are", () => {
    const path = fc.array(fc.integer({ min: 1, max: 9999 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(999_998), path, (index, path) => {
        let job = names.jobId(index);
        for (const group of path) job = names.successorIds(job, group).at(-1) ?? "";
        assert.ok(names.isJobId(job));
        assert.equal(names.jobIndex(job), index);
        assert.equal(names.handOnDepth(job), path.length);
        assert.ok(compareKeys(job, names.jobId(index)) >= 0 && compareKeys(job, names.jobId(index + 1)) < 0);
        assert.ok(compareKeys(job, `${names.jobId(index)}~`) < 0, "below the mark of what is folded");
      }),
    );
  });
});

describe("keys", () => {
  it("are such as every store takes, at their longest, too", () => {
    const id = "a".repeat(63);
    const plan = `${id}.${"0".repeat(12)}`;
    const deep = `000000${".9999".repeat(names.handOnDepthMax)}`;
    for (const key of [
      names.resolutionKey(id, plan, deep),
      names.attemptKey(id, plan, deep, "0".repeat(16), "segment"),
      names.planKey(id, plan),
      names.manifestKey(id, Number.MAX_SAFE_INTEGER, "0".repeat(16)),
      names.bundleKey("0".repeat(64)),
    ]) {
      checkKey(key);
    }
  });

  it("of a job's attempts are not those of its successors'", () => {
    const prefix = names.attemptsPrefix("a", "p", "000042");
    assert.ok(names.attemptKey("a", "p", "000042", "f", "record").startsWith(prefix));
    assert.ok(!names.attemptKey("a", "p", "000042.1", "f", "record").startsWith(prefix));
  });

  it("of manifests sort by number", () => {
    const keys = [1, 9, 10, 123_456].map((number) => names.manifestKey("a", number, "0".repeat(16)));
    assert.deepEqual(keys.toSorted(compareKeys), keys);
  });
});
