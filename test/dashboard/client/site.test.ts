/** A published site read over HTTP: what is in it, what is wrong with it, and what is asked for. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { openSite, SiteFault, type Fetch, type Site } from "../../../dashboard/client/index.ts";

type Published = Record<string, unknown>;

const folder = "20260101000000-28-nightly-3-0a1b2c3d";
const hostile = '<img src=x onerror="alert(1)">';

/** A unit as the original lays it out, beside what Spotfold adds. Texts stay as they are; all else is written as JSON. */
function published(): Published {
  const row = (buckets: number[], submissions: number, id: number): number[] => [
    ...buckets,
    30,
    3.5,
    6.25,
    200,
    0,
    submissions,
    id,
  ];
  return {
    "versions.json": { "nightly/28": folder, "nightly/9": folder, "aurora/27": folder },
    "coverage.json": {
      format: 1,
      aggregate: "dashboard",
      pointer: "versions.json",
      snapshot: 3,
      asOf: "2026-01-01T00:00:00.000Z",
      pings: 7,
      records: { read: 9, rejected: { "not-json": 2 } },
      blocks: { covered: 3, missing: 1, open: 0 },
      missing: [{ dataset: "d", key: "a.lzma", reason: "corrupt", class: "content", detail: "ends early" }],
      units: { "nightly/28": { key: ["nightly", "28"], folder, notes: { pings: 7 } } },
    },
    [`${folder}/site.json`]: JSON.parse(
      `{"format": 1, "title": "histograms", "unit": ["channel", "version"], "dimensions": ["reason", "OS"],
        "dates": [{"name": "build-date", "title": "Builds"}], "submissions": "pings",
        "measures": {"__proto__": {"kind": "flag", "bounds": [0, 1, 2]},
          "GC_MS": {"kind": "exponential", "description": ${JSON.stringify(hostile)}, "bounds": [0, 1, 10]}}}`,
    ),
    [`${folder}/filter-tree.json`]: JSON.parse(
      `{"_id": 0, "name": "reason", "saved_session": {"_id": 1, "name": "OS", "__proto__": {"_id": 2}, "Linux": {"_id": 3}},
        "name_": {"_id": 4, "name": "OS", "Linux": {"_id": 5}, "_id__": {"_id": 6}}}`,
    ),
    [`${folder}/GC_MS-by-build-date.json`]: {
      "20251203": [row([1, 1, 1], 3, 5)],
      "20251201": [row([1, 2, 0], 1, 2), row([0, 3, 1], 2, 3)],
      "20251202": [row([0, 0, 4], 4, 6)],
    },
  };
}

describe("a published site", () => {
  let files: Published = {};
  let asked: string[] = [];
  let server: Server;
  let base = "";

  before(async () => {
    server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? "").slice("/x/".length);
      asked.push(path);
      const content = Object.hasOwn(files, path) ? files[path] : undefined;
      if (content === undefined) response.writeHead(404).end();
      else if (typeof content === "number") response.writeHead(content).end();
      else response.end(typeof content === "string" ? content : JSON.stringify(content));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  });

  beforeEach(() => {
    files = published();
    asked = [];
  });

  after(() => void server.close());

  const evolutionOf = async (site: Site): ReturnType<Site["evolution"]> =>
    await site.evolution("nightly/28", "GC_MS", "build-date");

  it("has versions in order of their numbers, and measures of any name", async () => {
    const site = await openSite(base);
    assert.deepEqual(site.versions, ["aurora/27", "nightly/9", "nightly/28"]);
    const measures = await site.measures("nightly/28");
    assert.deepEqual([...measures.keys()].toSorted(), ["GC_MS", "__proto__"]);
    assert.equal(measures.get("GC_MS")?.description, hostile);
    assert.equal(measures.get("__proto__")?.kind, "flag");
    assert.throws(() => site.folderOf("nightly/29"), /is not published here/);
    await assert.rejects(site.evolution("nightly/28", "toString", "build-date"), /there is no toString/);
    await assert.rejects(site.evolution("nightly/28", "GC_MS", "../x"), /there are no dates/);
  });

  it("says what its numbers are of", async () => {
    const { coverage } = await openSite(`${base}/`);
    assert.deepEqual(coverage.blocks, { covered: 3, missing: 1, open: 0 });
    assert.deepEqual([coverage.read, coverage.accepted, [...coverage.rejected]], [9, 7, [["not-json", 2]]]);
    assert.deepEqual(coverage.missing, [{ dataset: "d", key: "a.lzma", reason: "corrupt", detail: "ends early" }]);
    assert.deepEqual(coverage.notes.get("nightly/28"), { pings: 7 });
  });

  it("says whether coverage is of the publication that the pointer is of, and asks again before it does", async () => {
    const coverage = files["coverage.json"] as Record<string, unknown>;
    const isOfOne = async (): Promise<boolean> => (await openSite(base)).isOfOne;
    assert.equal(await isOfOne(), true);
    files["coverage.json"] = { ...coverage, snapshot: 9 };
    assert.equal(await isOfOne(), true, "a unit that nothing touched keeps its folder");
    files["coverage.json"] = { ...coverage, snapshot: 2 };
    assert.equal(await isOfOne(), false);
    let times = 0;
    const between: Fetch = async (url, init) => {
      if (url.endsWith("coverage.json")) files["coverage.json"] = ++times === 2 ? coverage : files["coverage.json"];
      return await fetch(url, init);
    };
    const site = await openSite(base, { fetch: between });
    assert.deepEqual([site.isOfOne, site.coverage.snapshot, times], [true, 3, 2], "published in between");
    files["coverage.json"] = { ...coverage, pointer: "latest.json", snapshot: 4 };
    files["latest.json"] = { format: 1, aggregate: "dashboard", snapshot: 3, folder };
    assert.equal(await isOfOne(), false);
  });

  it("has notes that nobody understands where they are no object", async () => {
    const coverage = files["coverage.json"] as Record<string, unknown>;
    files["coverage.json"] = { ...coverage, units: { a: { notes: {} }, b: { notes: [1] }, c: 3, d: {} } };
    const { notes } = (await openSite(base)).coverage;
    assert.deepEqual(
      [...notes],
      [
        ["a", {}],
        ["b", null],
        ["c", null],
        ["d", {}],
      ],
    );
  });

  it("has dates in order, narrowed by filters that follow one another, or by any", async () => {
    const all = await evolutionOf(await openSite(base));
    assert.deepEqual(all.dates, ["20251201", "20251202", "20251203"]);
    assert.deepEqual([all.range().submissions, all.range().counts], [10, [2, 6, 6]]);
    assert.equal(all.range("20251202", "20251202").submissions, 4);
    assert.deepEqual([all.filterName, all.filterOptions], ["reason", ["name", "saved_session"]]);
    const saved = all.filter("saved_session");
    assert.deepEqual(
      [saved.filterName, saved.filterOptions, saved.dates],
      ["OS", ["Linux", "__proto__"], ["20251201"]],
    );
    const proto = saved.filter("__proto__");
    assert.deepEqual([proto.filterName, proto.filterOptions, proto.range().submissions], [null, [], 1]);
    assert.throws(() => proto.filter("x"), /picked already/);
    const linux = all.where("OS", "Linux");
    assert.deepEqual(
      linux.series().map(({ date, distribution }) => [date, distribution.submissions]),
      [
        ["20251201", 2],
        ["20251203", 3],
      ],
    );
    assert.deepEqual(all.options("OS"), ["Linux", "__proto__", "_id_"]);
    assert.equal(linux.where("OS", null).range().submissions, 10);
    assert.equal(all.filter(null).filter("_id_").range().submissions, 4);
    assert.equal(all.where("OS", "Plan 9").range().submissions, 0);
    assert.throws(() => all.where("arch", "x86"), /arch is none of reason, OS/);
  });

  it("has for its newest version the one with the greatest number", async () => {
    const newestOf = async (...labels: string[]): Promise<string | null> => {
      files["versions.json"] = Object.fromEntries(labels.map((label) => [label, folder]));
      return (await openSite(base)).newest;
    };
    assert.equal(await newestOf("aurora/27", "nightly/9", "nightly/29", "release/25"), "nightly/29");
    assert.equal(await newestOf("b", "a"), "a");
    assert.equal(await newestOf(""), "");
  });

  it("is described by its newest version, and not at all while nothing is published", async () => {
    assert.deepEqual((await openSite(base)).description?.dimensions, ["reason", "OS"]);
    files["versions.json"] = {};
    const empty = await openSite(base);
    assert.deepEqual([empty.description, empty.newest, empty.broken, empty.versions], [null, null, [], []]);
  });

  it("goes on with the other versions where one is broken, and says which one that is", async () => {
    const other = folder.replace("-3-", "-4-");
    files["versions.json"] = { "nightly/28": other, "nightly/9": folder, "aurora/27": folder };
    for (const [content, code] of [
      [undefined, "absent"],
      ["{", "damaged"],
      [{ format: 1 }, "unexpected"],
    ] as const) {
      files[`${other}/site.json`] = content;
      const site = await openSite(base);
      assert.deepEqual([site.newest, site.description?.title, site.versions.length], ["aurora/27", "histograms", 3]);
      assert.deepEqual(
        site.broken.map(({ version, fault }) => [version, fault.code, fault.file]),
        [["nightly/28", code, `${other}/site.json`]],
      );
      assert.equal((await site.evolution("nightly/9", "GC_MS", "build-date")).dates.length, 3);
      await assert.rejects(evolutionOf(site), (error) => error instanceof SiteFault && error.code === code);
      // Mended, it is the newest again.
      files[`${other}/site.json`] = files[`${folder}/site.json`];
      const again = await site.refresh();
      assert.deepEqual([again.newest, again.broken], ["nightly/28", []]);
    }
  });

  it("reads files of a folder once, and the pointer each time", async () => {
    const site = await openSite(base);
    await Promise.all([evolutionOf(site), evolutionOf(site)]);
    const again = await site.refresh();
    await evolutionOf(again);
    const times = (path: string): number => asked.filter((one) => one === path).length;
    assert.deepEqual(["versions.json", "coverage.json"].map(times), [2, 2]);
    const own = ["site.json", "filter-tree.json", "GC_MS-by-build-date.json"].map((name) => `${folder}/${name}`);
    assert.deepEqual(own.map(times), [1, 1, 1]);
  });

  it("asks again, past what keeps copies, for what could not be read or understood", async () => {
    const asked: string[] = [];
    const fetched: Fetch = async (url, init) => {
      asked.push(`${url.split("/").at(-1)} ${init.cache}`);
      return await fetch(url, init);
    };
    for (const name of ["filter-tree.json", "GC_MS-by-build-date.json"]) {
      const path = `${folder}/${name}`;
      const whole = files[path];
      for (const [given, code] of [
        [503, "unreachable"],
        ["", "empty"],
        [[1], "unexpected"],
      ] as const) {
        const site = await openSite(base, { fetch: fetched });
        files[path] = given;
        await assert.rejects(evolutionOf(site), (error) => error instanceof SiteFault && error.code === code);
        files[path] = whole;
        asked.length = 0;
        assert.equal((await evolutionOf(site)).dates.length, 3);
        assert.deepEqual(asked, [`${name} reload`]);
        assert.equal((await evolutionOf(site)).dates.length, 3);
        assert.equal(asked.length, 1);
      }
    }
  });

  for (const name of Object.keys(published())) {
    const short = name.replace(`${folder}/`, "");
    const broken: readonly (readonly [string, (content: unknown) => unknown, RegExp])[] = [
      ["absent", () => undefined, /^absent: .*is not there/],
      ["empty", () => "", /^empty: .*is empty/],
      ["cut", (content) => JSON.stringify(content).slice(0, -2), /^damaged: .*is not whole/],
      ["a list", () => [], /^unexpected: .*is not an object|^unexpected: .*has a place without/],
      ["of members that are something else", (content) => othersIn(content), /^(?:unexpected|version): /],
    ];
    for (const [how, make, expected] of broken) {
      it(`says that ${short} is ${how}`, async () => {
        files[name] = make(files[name]);
        const [fault] = await Promise.allSettled([openSite(base).then(evolutionOf)]);
        assert.ok(fault?.status === "rejected" && fault.reason instanceof SiteFault, JSON.stringify(fault));
        const { code, file, message, hint } = fault.reason;
        assert.match(`${code}: ${message}`, expected);
        assert.equal(file, name);
        assert.ok(hint.length > 10);
      });
    }
    if (["coverage.json", `${folder}/site.json`].includes(name)) {
      it(`says that ${short} is of another version`, async () => {
        files[name] = { ...(files[name] as object), format: 2 };
        await assert.rejects(openSite(base).then(evolutionOf), /is of version 2; version 1 is read here/);
      });
    }
  }

  it("says that nobody answers", async () => {
    await assert.rejects(
      openSite("http://127.0.0.1:9/x"),
      (error) => error instanceof SiteFault && error.code === "unreachable",
    );
  });

  it("never asks for a folder that leads elsewhere", async () => {
    files["versions.json"] = { "nightly/28": "../secret" };
    await assert.rejects(openSite(base), /names no folder/);
  });
});

/** Each member's value of another type, the names kept. */
function othersIn(content: unknown): unknown {
  return Object.fromEntries(Object.keys(content as object).map((name) => [name, true]));
}
