import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { canonicalFilter, filterText, intersect, isWithin, matches } from "../../../shared/dataset/filter.ts";
import { parseDocument, parseDocumentText } from "../../../shared/dataset/filter-document.ts";
import { resolveFilter } from "../../../shared/dataset/filter-resolve.ts";
import { parseLast, parseWhere } from "../../../shared/dataset/filter-where.ts";
import { compileLayout } from "../../../shared/dataset/layout.ts";
import type { Allowed, Filter } from "../../../shared/dataset/types.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { needs, referenceDir } from "../../support/requirements.ts";

const telemetry = compileLayout("telemetry");
const daily = compileLayout("dt={date:yyyy-MM-dd}/{app}/");
const monthly = compileLayout("{date:yyyy-MM}/");
const undated = compileLayout("{app}/");

function refuses(run: () => unknown, message: RegExp, hint?: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof SpotfoldError);
    assert.equal(error.code, "invalid-filter");
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint ?? /./);
    return true;
  });
}

describe("--where", () => {
  const cases: readonly (readonly [string, Allowed])[] = [
    ["appUpdateChannel=nightly,beta", ["nightly", "beta"]],
    ["appUpdateChannel=nightly, beta ,aurora", ["nightly", "beta", "aurora"]],
    ["submission_date=20131001..20131031", { min: "20131001", max: "20131031" }],
    ["submission_date=20131001..", { min: "20131001" }],
    ["submission_date=..20131031", { max: "20131031" }],
    ["submission_date=2013-10-01", ["20131001"]],
    ["reason=saved-session", ["saved_session"]],
    ["reason= x", ["_x"]],
    ["appName=*", "*"],
    ["appVersion=28.0a1..29.0", { min: "28.0a1", max: "29.0" }],
  ];
  for (const [text, expected] of cases) {
    it(text, () => assert.deepEqual(parseWhere(telemetry, [text]), { [text.slice(0, text.indexOf("="))]: expected }));
  }

  it("lists the known dimensions for an unknown one", () => {
    refuses(
      () => parseWhere(telemetry, ["chanel=nightly"]),
      /no dimension "chanel"/,
      /reason, appName, appUpdateChannel, appVersion, appBuildID, submission_date/,
    );
    refuses(() => parseWhere(telemetry, ["toString=x"]), /no dimension/);
  });

  const wrong = [
    ["appName", /a dimension, =, and its values/],
    ["=x", /a dimension, =, and its values/],
    ["appName=", /a value is empty/],
    ["appName=a,,b", /a value is empty/],
    ["submission_date=20131301", /"20131301" is no date/],
    ["submission_date=20130229..20130301", /"20130229" is no date/],
    ["submission_date=october", /is no date/],
    ["submission_date=20131031..20131001", /ends before it begins/],
    ["submission_date=..", /no range/],
    ["submission_date=20131001..20131002..20131003", /no range/],
    ["submission_date=20131001..20131003,20131009", /a range stands alone/],
  ] as const;
  for (const [text, message] of wrong)
    it(`refuses ${text}`, () => refuses(() => parseWhere(telemetry, [text]), message));

  it("refuses a dimension given twice", () => {
    refuses(() => parseWhere(telemetry, ["appName=a", "appName=b"]), /given twice/, /appName=a,b/);
  });

  it("rounds down to the month where keys hold no day", () => {
    assert.deepEqual(parseWhere(monthly, ["date=20131015..20131120"]), { date: { min: "20131001", max: "20131101" } });
  });
});

describe("--last", () => {
  const now = Date.UTC(2024, 2, 1, 0, 30);
  it("is today in UTC and the days before it", () => {
    assert.deepEqual(parseLast(daily, "7d", now), { date: { min: "20240224", max: "20240301" } });
    assert.deepEqual(parseLast(daily, "1d", now), { date: { min: "20240301", max: "20240301" } });
    assert.deepEqual(parseLast(telemetry, "2d", now), { submission_date: { min: "20240229", max: "20240301" } });
    assert.deepEqual(parseLast(monthly, "2d", now), { date: { min: "20240201", max: "20240301" } });
  });
  for (const text of ["7", "0d", "-1d", "7w", "d", "99999999d", "1.5d"]) {
    it(`refuses ${text}`, () => refuses(() => parseLast(daily, text, now), /a number of days/));
  }
  it("refuses a layout without a date", () => refuses(() => parseLast(undated, "7d", now), /has no date/));
});

const document = (...dimensions: readonly (readonly [string, unknown])[]): unknown => ({
  version: 1,
  dimensions: dimensions.map(([field_name, allowed_values]) => ({ field_name, allowed_values })),
});
const allowsIn = (filter: Filter, name: string, value: string): boolean => matches(filter, { [name]: value });
const keyOf = (reason: string, channel: string, date: string): string =>
  `${reason}/Firefox/${channel}/26.0a1/2013090803.${date}.v2.log.${"ab".repeat(16)}.lzma`;

const one = (name: string, value: unknown): Filter => parseDocument(telemetry, document([name, value]), "f.json");

describe("filter documents", () => {
  it("ranges are inclusive and compare strings (8.4)", () => {
    const filter = one("submission_date", { min: "20130908", max: "20140401" });
    for (const date of ["20130908", "20130909", "20140101", "20140401"])
      assert.ok(allowsIn(filter, "submission_date", date));
    for (const date of ["20130907", "20000000", "20140402", "99999999"])
      assert.ok(!allowsIn(filter, "submission_date", date));
  });

  it("a lone string is itself only (8.4)", () => {
    const filter = one("appBuildID", "one_specific_build");
    assert.ok(allowsIn(filter, "appBuildID", "one_specific_build"));
    for (const other of ["two_specific_build", "*", "one_specific_build ", "one-specific-build"]) {
      assert.ok(!allowsIn(filter, "appBuildID", other));
    }
  });

  it("items of a list are spelled as in keys, a lone string is not (1.8)", () => {
    assert.ok(allowsIn(one("reason", ["saved-session"]), "reason", "saved_session"));
    assert.ok(!allowsIn(one("reason", "saved-session"), "reason", "saved_session"));
    assert.deepEqual(one("reason", ["Hello World!", "what\nam\ni"]), { reason: ["Hello_World_", "what_am_i"] });
  });

  it("refuses what it does not understand", () => {
    refuses(() => one("chanel", "*"), /no dimension "chanel"/, /appUpdateChannel/);
    refuses(() => one("appName", 3), /allowed_values is 3/);
    refuses(() => one("appName", undefined), /is missing/);
    refuses(() => one("appName", [3]), /3 is no string/);
    refuses(() => one("appName", { from: "a" }), /neither min nor max/);
    refuses(() => one("submission_date", ["__TARGET_DATE__"]), /is no date/);
    refuses(() => one("submission_date", { min: "yesterday" }), /is no date/);
    refuses(() => parseDocument(telemetry, { version: 2, dimensions: [] }, "f.json"), /version 2/);
    refuses(() => parseDocument(telemetry, [], "f.json"), /no filter document/);
    refuses(() => parseDocument(telemetry, document(["appName", "*"], ["appName", "*"]), "f"), /twice/);
    refuses(() => parseDocumentText(telemetry, "{", "f.json"), /f\.json is no JSON/);
  });

  it("selects as the original did (8.4, filtering)", () => {
    const filter = parseDocument(
      telemetry,
      document(["reason", ["saved-session"]], ["appUpdateChannel", ["nightly"]], ["submission_date", ["20130908"]]),
      "f",
    );
    const selected = (text: string): boolean => {
      const dimensions = telemetry.match(text);
      return dimensions !== null && matches(filter, dimensions);
    };
    assert.ok(selected(keyOf("saved_session", "nightly", "20130908")));
    assert.ok(!selected(keyOf("idle_daily", "nightly", "20130908")));
    assert.ok(!selected(keyOf("saved_session", "aurora", "20130908")));
    assert.ok(!selected(keyOf("saved_session", "nightly", "20130909")));
  });
});

describe("the reference's filter documents", () => {
  needs("data");

  it("are read", () => {
    const text = readFileSync(join(referenceDir(), "data/filter-example.json"), "utf8");
    const filter = canonicalFilter(parseDocumentText(telemetry, text, "filter-example.json"));
    assert.deepEqual(filter, {
      appUpdateChannel: ["aurora", "beta", "nightly", "nightly_ux", "release"],
      reason: ["saved_session"],
      submission_date: ["20131013"],
    });
    const schema = readFileSync(join(referenceDir(), "data/telemetry_schema.json"), "utf8");
    const reasons = parseDocumentText(telemetry, schema, "telemetry_schema.json")["reason"] ?? [];
    assert.ok(allowsIn({ reason: reasons }, "reason", "android_anr_report"));
  });
});

describe("filters as sets", () => {
  const value = fc.constantFrom("a", "b", "c", "d", "\u{1F600}", "\u{FF01}");
  const bound = fc.option(value, { nil: undefined });
  const allowed: fc.Arbitrary<Allowed> = fc.oneof(
    fc.constant("*" as const),
    fc.array(value, { maxLength: 4 }),
    fc.tuple(bound, bound).map(([min, max]) => ({ ...(min ? { min } : {}), ...(max ? { max } : {}) })),
  );
  const filter: fc.Arbitrary<Filter> = fc.dictionary(fc.constantFrom("x", "y"), allowed);
  const block = fc.record({ x: value, y: value });

  it("an intersection selects what both select", () => {
    fc.assert(
      fc.property(filter, filter, block, (a, b, dimensions) => {
        assert.equal(matches(intersect(a, b), dimensions), matches(a, dimensions) && matches(b, dimensions));
      }),
      { numRuns: 2000 },
    );
  });

  it("the canonical form selects the same, and what is within is selected", () => {
    fc.assert(
      fc.property(filter, filter, block, (a, b, dimensions) => {
        assert.equal(matches(canonicalFilter(a), dimensions), matches(a, dimensions));
        if (isWithin(a, b) && matches(a, dimensions)) assert.ok(matches(b, dimensions));
        assert.ok(isWithin(intersect(a, b), b));
      }),
      { numRuns: 2000 },
    );
  });

  it("has one text for one selection", () => {
    const a: Filter = { y: ["b", "a", "b"], x: { max: "2", min: "1" }, z: "*", w: {} };
    assert.equal(filterText(a), '{"x":{"min":"1","max":"2"},"y":["a","b"]}');
  });

  it("bounds compare bytes, not UTF-16 units", () => {
    assert.ok(matches({ x: { min: "\u{FF01}" } }, { x: "\u{1F600}" }));
  });
});

describe("resolveFilter", () => {
  it("narrows by all that is given", () => {
    const filter = resolveFilter(
      telemetry,
      {
        where: ["appUpdateChannel=nightly,beta"],
        last: "3d",
        document: {
          value: { version: 1, dimensions: [{ field_name: "appUpdateChannel", allowed_values: ["beta", "release"] }] },
          source: "f.json",
        },
      },
      Date.UTC(2013, 9, 31),
    );
    assert.deepEqual(filter, {
      appUpdateChannel: ["beta"],
      submission_date: { min: "20131029", max: "20131031" },
    });
  });
});
