import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { compileLayout, partitionOf } from "../../../shared/dataset/layout.ts";
import { matches } from "../../../shared/dataset/filter.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { SpotfoldError } from "../../../shared/errors.ts";

const hex = "0ab8723b6fb3455bb34b04d97482fda2";
const real = `saved_session/Firefox/nightly/28.0a1/20131029030201.20131029.v2.log.${hex}.lzma`;
const elb = "AWSLogs/{account}/elb/{region}/{date:yyyy}/{date:MM}/{date:dd}/{rest}";

describe("telemetry layout", () => {
  const layout = compileLayout("telemetry");

  it("reads the dimensions of the reference's key", () => {
    assert.deepEqual(layout.match(real), {
      reason: "saved_session",
      appName: "Firefox",
      appUpdateChannel: "nightly",
      appVersion: "28.0a1",
      appBuildID: "20131029030201",
      submission_date: "20131029",
    });
    assert.deepEqual(layout.dimensions, [
      "reason",
      "appName",
      "appUpdateChannel",
      "appVersion",
      "appBuildID",
      "submission_date",
    ]);
    assert.equal(layout.dateDimension, "submission_date");
    assert.equal(partitionOf(layout, layout.match(real) ?? {}), "20131029");
  });

  for (const suffix of ["", ".lzma", ".xz", ".gz", ".zst", ".json"]) {
    it(`takes the suffix ${JSON.stringify(suffix)}`, () => {
      assert.ok(layout.match(real.replace(/\.lzma$/, suffix)));
    });
  }

  const others = [
    ["a file being written", `a/b/c/d/1.20131029.v2.log`],
    ["a file being compressed", `${real}.compressing`],
    ["a file to be compressed", "a/b/c/d/1.20131029.v2.log.123.1383000000.123456.compressme"],
    ["another base folder", `processed/${real}`],
    ["a level too few", real.slice(real.indexOf("/") + 1)],
    ["a day that does not exist", real.replace(".20131029.", ".20130229.")],
    ["month 13", real.replace(".20131029.", ".20131301.")],
    ["31 hex digits", real.replace(hex, hex.slice(1))],
    ["an unknown suffix", real.replace("lzma", "lz4")],
    ["an empty dimension", real.replace("nightly", "")],
    ["no version of the format", real.replace(".v2.", ".v.")],
  ] as const;
  for (const [what, key] of others) it(`refuses ${what}`, () => assert.equal(layout.match(key), null));
});

describe("pattern layouts", () => {
  it("gives one dimension for a date in three folders", () => {
    const layout = compileLayout(elb);
    assert.deepEqual(layout.dimensions, ["account", "region", "date", "rest"]);
    assert.equal(layout.restDimension, "rest");
    assert.deepEqual(layout.match("AWSLogs/1234/elb/eu-west-1/2024/02/29/a/b.log.gz"), {
      account: "1234",
      region: "eu-west-1",
      date: "20240229",
      rest: "a/b.log.gz",
    });
    assert.equal(layout.match("AWSLogs/1234/elb/eu-west-1/2023/02/29/b.log.gz"), null);
    assert.equal(layout.match("AWSLogs/1234/elb/eu-west-1/2024/02/29"), null);
    assert.equal(layout.match("AWSLogs/1234/elb/eu-west-1/2024/02/29/"), null);
    assert.equal(layout.match("AWSLogs/1234/cloudtrail/eu-west-1/2024/02/29/b"), null);
  });

  it("matches all below a pattern that ends in /", () => {
    const layout = compileLayout("dt={date:yyyy-MM-dd}/");
    assert.deepEqual(layout.match("dt=2024-01-31/x"), { date: "20240131" });
    assert.deepEqual(layout.match("dt=2024-01-31/x/y/z.gz"), { date: "20240131" });
    assert.equal(layout.match("dt=2024-01-31"), null);
    assert.equal(layout.match("dt=2024-01-31/"), null);
    assert.equal(layout.match("dt=2024-01-32/x"), null);
    assert.equal(layout.match("a/dt=2024-01-31/x"), null);
  });

  const cases: readonly (readonly [string, string, Record<string, string> | null])[] = [
    ["{date:yyyyMMdd}.log", "20240131.log", { date: "20240131" }],
    ["{date:yyyyMMdd}.log", "20240131.log.gz", null],
    ["{date:yyyyMMdd}.log{rest}", "20240131.log.gz", { date: "20240131", rest: ".gz" }],
    ["{date:yyyy-MM}/", "2024-01/x", { date: "20240101" }],
    ["{date:yyyyMMdd}T{date:HH}.json", "20240131T23.json", { date: "20240131" }],
    ["{date:yyyyMMdd}T{date:HH}.json", "20240131T24.json", null],
    ["{date:yyyy/MM/dd}/{rest}", "2024/01/31/x", { date: "20240131", rest: "x" }],
    ["{date:yyyy}/{date:yyyy-MM-dd}.gz", "2024/2024-01-31.gz", { date: "20240131" }],
    ["{date:yyyy}/{date:yyyy-MM-dd}.gz", "2023/2024-01-31.gz", null],
    ["{date:dd}.{date:MM}.{date:yyyy}/", "29.02.2024/x", { date: "20240229" }],
    ["{date:dd}.{date:MM}.{date:yyyy}/", "29.02.2023/x", null],
    // A dimension takes as little as it can, but no less than it must.
    ["{app}.{date:yyyyMMdd}.log", "my.app.20240131.log", { app: "my.app", date: "20240131" }],
    ["{a}-{b}.log", "x-y-z.log", { a: "x", b: "y-z" }],
    ["{a}-{rest}", "x/y-z", null],
    ["{a}-{rest}", "x-y/z", { a: "x", rest: "y/z" }],
    ["{a}.gz", "x.gz.gz", { a: "x.gz" }],
    ["{a}.gz", ".gz", null],
    ["a//{b}/", "a//x/y", { b: "x" }],
    ["é/{b}/", "é/😀/y", { b: "😀" }],
    ["{constructor}/", "x/y", { constructor: "x" }],
    ["logs/", "logs/x", {}],
    ["logs/", "log/x", null],
    ["{rest}", "x/y", { rest: "x/y" }],
  ];
  for (const [pattern, key, expected] of cases) {
    it(`${pattern} on ${key}`, () => {
      const found = compileLayout(pattern).match(key);
      assert.deepEqual(found, expected);
    });
  }

  const wrong = [
    ["nonsense", /no layout "nonsense"/],
    ["/a/{b}", /character 1: a leading/],
    ["a/{b", /character 3: a `\{` that is never closed/],
    ["a/b}", /character 4: a `\}` that closes nothing/],
    ["a/{}", /character 3: "" is no name/],
    ["a/{__proto__}/", /no name for a dimension/],
    ["{a}{b}", /character 4: nothing tells where \{b\} begins/],
    ["{a}/{a}", /the dimension a is there twice/],
    ["{date}/{date:yyyy-MM-dd}", /with and without a date format/],
    ["{date:yyyy-MM-dd}/{date}", /twice|with and without/],
    ["{day:yyyy-MM-dd}/{date:yyyyMMdd}", /a second date/],
    ["{date:yyyy-mm-dd}/", /"yyyy-mm-dd" is no date format/],
    ["{date:}/", /is no date format/],
    ["{date:yyyy}/", /needs a year and a month/],
    ["{date:yyyy-MM}/{date:HH}/", /and a day where there is an hour/],
    [`${"a".repeat(1025)}/`, /at most 1024 characters/],
    [Array.from({ length: 33 }, (_, i) => `{d${i}}/`).join(""), /at most 32 dimensions/],
  ] as const;
  for (const [pattern, message] of wrong) {
    it(`refuses ${pattern.slice(0, 40)}`, () => {
      assert.throws(
        () => compileLayout(pattern),
        (error) =>
          error instanceof SpotfoldError &&
          error.code === "invalid-config" &&
          error.hint !== undefined &&
          message.test(error.message),
      );
    });
  }

  it("costs no more on a hostile key", () => {
    const layout = compileLayout("{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}.log");
    const started = process.cpuUsage();
    for (let i = 0; i < 100; i++) assert.equal(layout.match(`${"-".repeat(1000)}x`), null);
    assert.ok(process.cpuUsage(started).user < 500_000);
  });
});

describe("prefixes", () => {
  const layout = compileLayout(elb);
  const october: Filter = { date: { min: "20131001", max: "20131031" }, region: ["eu-west-1"] };
  const cases: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["AWSLogs/", true],
    ["other/", false],
    ["AWSLogs/1/elb/", true],
    ["AWSLogs/1/elb/us-east-1/", false],
    ["AWSLogs/1/elb/eu-west-1/2013/", true],
    ["AWSLogs/1/elb/eu-west-1/2014/", false],
    ["AWSLogs/1/elb/eu-west-1/2013/10/", true],
    ["AWSLogs/1/elb/eu-west-1/2013/09/", false],
    ["AWSLogs/1/elb/eu-west-1/2013/13/", false],
    ["AWSLogs/1/elb/eu-west-1/2013/10/31/", true],
    ["AWSLogs/1/elb/eu-west-1/2013/10/32/", false],
    ["AWSLogs/1/elb/eu-west-1/2013/10/31/any/", true],
  ];
  for (const [prefix, expected] of cases) {
    it(`${prefix || "(root)"} ${expected ? "may" : "cannot"} hold October`, () => {
      assert.equal(layout.allowsPrefix(prefix, october), expected);
    });
  }

  it("cannot hold files below a file's level", () => {
    assert.equal(compileLayout("telemetry").allowsPrefix("a/b/c/d/e/", {}), false);
    assert.equal(compileLayout("telemetry").allowsPrefix("a/b/c/d/", {}), true);
  });

  it("says how far a date is spelled", () => {
    assert.deepEqual(layout.matchPrefix("AWSLogs/1/elb/r/2013/10/")?.datePart, "201310");
    assert.deepEqual(layout.matchPrefix("AWSLogs/1/elb/r/2013/")?.datePart, "2013");
    assert.deepEqual(layout.matchPrefix("AWSLogs/1/elb/r/2013/10/02/"), {
      dimensions: { account: "1", region: "r", date: "20131002" },
    });
  });

  it("allows every prefix of a key that passes", () => {
    const patterns = [
      "telemetry",
      elb,
      "dt={date:yyyy-MM-dd}/",
      "{date:yyyy-MM}/{app}/",
      "{date:dd}-{date:MM}/{a}.{b}/{date:yyyy}/{c}.gz",
      "{app}/{date:yyyy}/{date:yyyy-MM-dd}.{rest}",
    ];
    const two = fc.integer({ min: 0, max: 33 }).map((n) => String(n).padStart(2, "0"));
    const year = fc.constantFrom("2012", "2013", "0000");
    const word = fc.constantFrom("a", "b", "eu-west-1", "a.b", "é", "x/y", "");
    const allowed = fc.oneof(
      fc.constant("*" as const),
      fc.array(fc.constantFrom("a", "b", "20130101", "20121231", "20130201", "x/y")),
      fc.record(
        { min: fc.constantFrom("20120601", "20130115", "a"), max: fc.constantFrom("20130131", "20121231", "b") },
        { requiredKeys: [] },
      ),
    );
    let passed = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...patterns),
        fc.array(word, { minLength: 8, maxLength: 8 }),
        year,
        two,
        two,
        fc.dictionary(fc.constantFrom("date", "submission_date", "app", "account", "reason", "a", "rest"), allowed, {
          maxKeys: 2,
        }),
        (pattern, words, y, m, d, filter) => {
          const layout = compileLayout(pattern);
          let next = 0;
          const text = pattern === "telemetry" ? `{w}/{w}/{w}/{w}/{w}.${y}${m}${d}.v2.log.${hex}` : pattern;
          const key = `${text
            .replaceAll("yyyy", y)
            .replaceAll("MM", m)
            .replaceAll("dd", d)
            .replaceAll(/\{[a-z]+:([^}]+)\}/g, "$1")
            .replaceAll(/\{[a-z]+\}/gi, () => words[next++] ?? "w")}${pattern.endsWith("/") ? "file" : ""}`;
          const dimensions = layout.match(key);
          if (dimensions === null || !matches(filter, dimensions)) return;
          passed++;
          for (let at = key.indexOf("/"); at !== -1; at = key.indexOf("/", at + 1)) {
            assert.ok(layout.allowsPrefix(key.slice(0, at + 1), filter), `${key.slice(0, at + 1)} of ${key}`);
          }
          assert.ok(layout.allowsPrefix("", filter));
        },
      ),
      { numRuns: 10_000, seed: 7 },
    );
    assert.ok(passed > 300, `only ${passed} keys passed`);
  });
});
