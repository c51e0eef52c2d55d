/** Stored records: an unknown format is told from a wrong shape; what each schema takes, and what it refuses. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type * as v from "valibot";
import { codeOf } from "../../../shared/errors.ts";
import { attemptSchema } from "../../../shared/formats/attempt.ts";
import {
  decodeCoverage,
  encodeCoverage,
  laterRow,
  sumOfCounts,
  type CoverageRow,
} from "../../../shared/formats/coverage.ts";
import { holdSchema, isHeld, type Hold } from "../../../shared/formats/hold.ts";
import { decodeManifest, encodeManifest, headSchema, type Manifest } from "../../../shared/formats/ledger.ts";
import { jobMessageSchema, readyMessageSchema } from "../../../shared/formats/message.ts";
import { masterLeaseSchema } from "../../../shared/formats/lease.ts";
import { resolutionFlaw, resolutionSchema, type Resolution } from "../../../shared/formats/resolution.ts";
import { canonicalJson, digestOf, lineageDifference, lineageOf, runSchema } from "../../../shared/formats/run.ts";
import { encodeStored, parseStored, UnknownFormat } from "../../../shared/formats/stored.ts";
import { workerStatusSchema } from "../../../shared/formats/worker-status.ts";
import { specOf } from "../../master/setting.ts";
import { blocksOf, messageOf, plan, recordOf } from "../../worker/setting.ts";

const resolution: Resolution = {
  format: 1,
  run: "r1",
  plan,
  job: "000000",
  attempt: "0".repeat(16),
  worker: "w",
  digest: "d",
  covered: [{ block: 0, records: 1, rawBytes: 1, rejected: { a: 1 } }],
  missing: [{ block: 1, reason: "gone", detail: "", records: 0, rejected: {} }],
  remaining: [[2, 3], [4]],
  handedOn: "code",
  segment: { key: "k", bytes: 1, entries: 1, partitions: ["p"], units: ["u"] },
};

const hold: Hold = {
  format: 1,
  run: "r1",
  kind: "environment",
  what: "",
  where: "",
  hint: "",
  since: 0,
  until: 10,
  times: 1,
  heldMs: 0,
};

const end = { at: 1, cause: "code", reason: "r", message: "m", block: null, beforeFirstRecord: true } as const;
const status = { format: 1, worker: "w", startedAt: 0, at: 0, slots: 1, jobs: [], resolved: 0, failed: 0 };

/** A record that is right, and changes each of which makes it wrong. */
const shapes: readonly {
  readonly name: string;
  readonly schema: v.GenericSchema;
  readonly right: object;
  readonly wrong: readonly Record<string, unknown>[];
}[] = [
  {
    name: "a run",
    schema: runSchema,
    right: specOf("r1"),
    wrong: [
      { run: "R1" },
      { aggregate: "a/b" },
      { bundle: "0" },
      { deadlineMs: -1 },
      { filter: { date: "2026" } },
      { filter: { date: { min: "1", more: "2" } } },
      { partitionBy: 1 },
      { inputs: [{ name: "n", sha256: "x", bytes: 1 }] },
      { dataset: { name: "d" } },
      { reprocess: undefined },
    ],
  },
  {
    name: "a job's message",
    schema: jobMessageSchema,
    right: messageOf(blocksOf(1)),
    wrong: [
      { plan: "r1" },
      { job: "1" },
      { send: -1 },
      { send: 1.5 },
      { blocks: "[]" },
      { blocks: undefined },
      { digest: 1 },
    ],
  },
  {
    name: "a ready message",
    schema: readyMessageSchema,
    right: { format: 1, aggregate: "a", plan, job: "000000" },
    wrong: [{ aggregate: "" }, { plan: "p" }, { job: "000000.0" }],
  },
  {
    name: "an attempt",
    schema: attemptSchema,
    right: recordOf({ attempt: "0".repeat(16), end }),
    wrong: [
      { attempt: "x" },
      { end: undefined },
      { end: { ...end, cause: "bad luck" } },
      { end: { ...end, block: -1 } },
    ],
  },
  {
    name: "a resolution",
    schema: resolutionSchema,
    right: resolution,
    wrong: [
      { plan: "p" },
      { attempt: null },
      { remaining: [[]] },
      { remaining: [0] },
      { covered: [{ block: 0 }] },
      { missing: [{ ...resolution.missing[0], reason: "lost" }] },
      { covered: [{ ...resolution.covered[0], rejected: { a: -1 } }] },
      { segment: {} },
      { handedOn: undefined },
    ],
  },
  {
    name: "a hold",
    schema: holdSchema,
    right: hold,
    wrong: [{ kind: "hold" }, { until: "10" }, { times: -1 }, { heldMs: undefined }],
  },
  {
    name: "a head",
    schema: headSchema,
    right: { format: 1, number: 1, manifest: "m", epoch: 0 },
    wrong: [{ number: -1 }, { manifest: null }, { epoch: 0.5 }],
  },
  {
    name: "a worker's status",
    schema: workerStatusSchema,
    right: status,
    wrong: [{ jobs: "none" }, { slots: -1 }, { worker: undefined }],
  },
  {
    name: "the masters' lease",
    schema: masterLeaseSchema,
    right: { format: 1, master: "m", givenUp: false, renewal: 7, at: 1 },
    wrong: [{ master: null }, { givenUp: "no" }, { renewal: -1 }],
  },
];

describe("stored records", () => {
  for (const { name, schema, right, wrong } of shapes) {
    it(`${name} comes back as it was written`, () => {
      assert.deepEqual(parseStored(name, encodeStored(right), schema), JSON.parse(JSON.stringify(right)));
    });

    it(`${name} of another shape is refused, and the error says where it is`, () => {
      for (const change of wrong) {
        const text = JSON.stringify({ ...right, ...change });
        const [field = ""] = Object.keys(change);
        if (change[field] === undefined && name === "a job's message" && field === "blocks") continue;
        assert.throws(
          () => parseStored(name, text, schema),
          (error) =>
            codeOf(error) === "invalid-format" &&
            !(error instanceof UnknownFormat) &&
            `${error as Error}`.includes(field),
          text,
        );
      }
    });

    it(`${name} of a newer format is left alone, whatever it holds`, () => {
      for (const format of [2, 0, "1", null]) {
        assert.throws(
          () => parseStored(name, JSON.stringify({ ...right, format }), schema),
          (error) => error instanceof UnknownFormat && error.hint?.includes("newer version") === true,
        );
      }
    });
  }

  it("that are no JSON objects are refused", () => {
    for (const bytes of [
      Buffer.from("{"),
      Buffer.from("null"),
      Buffer.from("1"),
      Buffer.from([0x22, 0xff, 0x22]),
      Buffer.alloc(0),
    ]) {
      assert.throws(
        () => parseStored("it", bytes, holdSchema),
        (error) => codeOf(error) === "invalid-format" && !(error instanceof UnknownFormat),
      );
    }
  });
});

describe("a manifest", () => {
  it("comes back as it was written; damage is corrupt, a newer format unknown", () => {
    const manifest = { format: 1, number: 3, units: { "a\tb": 1 } } as unknown as Manifest;
    assert.deepEqual(decodeManifest("m", encodeManifest(manifest)), manifest);
    const bytes = encodeManifest(manifest);
    const damaged = [bytes.subarray(0, -3), Buffer.from("no zstd"), encodeManifest(null as unknown as Manifest)];
    for (const wrong of damaged) {
      assert.throws(
        () => decodeManifest("m", wrong),
        (error) => codeOf(error) === "corrupt",
      );
    }
    assert.throws(() => decodeManifest("m", encodeManifest({ format: 2 } as unknown as Manifest)), UnknownFormat);
  });
});

describe("a resolution", () => {
  const expected = { plan, job: "000000", digest: "d", blocks: 5 };

  it("is whole when each block of the job is in it once", () => {
    assert.equal(resolutionFlaw(resolution, expected), null);
    for (const change of [
      { blocks: 4 },
      { blocks: 6 },
      { plan: "r2.0123456789ab" },
      { job: "000001" },
      { digest: "other" },
    ]) {
      assert.notEqual(resolutionFlaw(resolution, { ...expected, ...change }), null, JSON.stringify(change));
    }
  });

  it("is flawed by any block that is moved, left out or told twice", () => {
    const places = fc.array(fc.constantFrom("covered", "missing", "remaining", "nowhere", "twice"), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(places, (places) => {
        const of = (...wanted: string[]): number[] =>
          places.flatMap((place, block) => (wanted.includes(place) ? [block] : []));
        const covered = of("covered", "twice").map((block) => ({ block, records: 0, rawBytes: 0, rejected: {} }));
        const missing = of("missing").map((block) => ({
          block,
          reason: "gone" as const,
          detail: "",
          records: 0,
          rejected: {},
        }));
        const remaining = of("remaining", "twice").map((block) => [block]);
        const whole = { ...resolution, covered, missing, remaining, segment: null };
        const flaw = resolutionFlaw(whole, { ...expected, blocks: places.length });
        assert.equal(flaw === null, !places.includes("nowhere") && !places.includes("twice"));
      }),
    );
  });
});

describe("a hold", () => {
  it("by the environment ends by itself, by the store's clock; others do not", () => {
    assert.deepEqual([isHeld(hold, 9), isHeld(hold, 10), isHeld(null, 0)], [true, false, false]);
    for (const kind of ["bundle", "failures", "closed"] as const) assert.ok(isHeld({ ...hold, kind, until: 0 }, 1e15));
    assert.ok(!isHeld({ ...hold, kind: "none" }, 0));
  });
});

describe("coverage rows", () => {
  const row: CoverageRow = {
    etag: "e",
    run: "r",
    admission: 3,
    state: "covered",
    size: 1,
    records: 2,
    rawBytes: 3,
    rejected: { a: 1 },
  };

  it("come back as they were written; the later admission's holds", () => {
    assert.deepEqual(decodeCoverage(encodeCoverage(row)), row);
    const later = { ...row, admission: 4 };
    assert.deepEqual([laterRow(row, later), laterRow(later, row)], [later, later]);
  });

  it("add their counts by name, whatever the name", () => {
    const names = fc.constantFrom("a", "toString", "__proto__", "constructor");
    fc.assert(
      fc.property(fc.array(fc.array(fc.tuple(names, fc.nat(9)))), (all) => {
        const sum = sumOfCounts(all.map((some) => Object.fromEntries(some)));
        for (const name of ["a", "toString", "__proto__", "constructor"]) {
          const expected = all.map((some) => new Map<string, number>(some).get(name) ?? 0).reduce((a, b) => a + b, 0);
          assert.equal(Object.hasOwn(sum, name) ? sum[name] : 0, expected);
        }
      }),
    );
  });
});

describe("a lineage", () => {
  it("does not see the order of keys in parameters, and sees everything else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
        assert.match(digestOf(value), /^[0-9a-f]{16}$/);
      }),
    );
    assert.equal(digestOf({ a: 1, b: [{ c: 1, d: 2 }] }), digestOf({ b: [{ d: 2, c: 1 }], a: 1 }));
    assert.notEqual(digestOf([1, 2]), digestOf([2, 1]));
    assert.equal(digestOf(undefined), digestOf(null));
  });

  it("differs by its first field that does", () => {
    const ours = lineageOf(specOf("r1"));
    assert.equal(lineageDifference(ours, lineageOf(specOf("r2"))), null);
    const theirs = lineageOf(specOf("r1", { partitionBy: null, params: { a: 1 } }));
    assert.equal(lineageDifference(ours, theirs)?.field, "params");
  });
});
