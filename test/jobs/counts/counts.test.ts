import assert from "node:assert/strict";
import { parseColumns } from "../../../jobs/counts/columns.ts";
import counts from "../../../jobs/counts/index.ts";
import type { TestBlock } from "../../../jobs/testing.ts";
import { checkIsolation, checkMerge, runAnalysis } from "../../../jobs/testing.ts";

const BLOCK: TestBlock = {
  dimensions: { channel: "nightly" },
  records: [
    { info: { OS: "WINNT", "a b": [{ c: null }] } },
    { info: { OS: "WINNT" } },
    { info: { OS: "\ud800\t" } },
    { info: { OS: 6.1 } },
    { info: ["OS"] },
    { info: { OS: true } },
    { info: { OS: { b: [1] } } },
    "{",
    [],
    '{"info":{"OS":1e999}}',
  ],
};

function table(by: string, blocks: readonly TestBlock[] = [BLOCK]): [Record<string, number>, Record<string, number>] {
  const { entries, rejected } = runAnalysis(counts, blocks, { params: { by } });
  return [Object.fromEntries(entries.map(([key, value]) => [key.join("|"), value])), { ...rejected }];
}

const check = async (params: unknown): Promise<unknown> => counts.params?.["~standard"].validate(params);

describe("counts", () => {
  it("by dimensions and paths", () => {
    assert.deepEqual(table("channel,$.info.OS"), [
      {
        "nightly|(none)": 2,
        "nightly|6.1": 1,
        "nightly|Infinity": 1,
        "nightly|WINNT": 2,
        "nightly|true": 1,
        'nightly|{"b":[1]}': 1,
        "nightly|\ufffd\t": 1,
      },
      { "invalid-json": 1 },
    ]);
    assert.deepEqual(table(`$.info['a b'][0]["c"]`)[0], { "(none)": 8, null: 1 });
    assert.deepEqual(table("$.info[0]")[0], { "(none)": 8, OS: 1 });
  });

  it("by dimensions alone, without looking into records", () => {
    assert.deepEqual(table("channel"), [{ nightly: 10 }, {}]);
  });

  it("rejects an unknown dimension and what is too long to be a key", () => {
    assert.deepEqual(table("chanel"), [{}, { "unknown-dimension": 10 }]);
    assert.deepEqual(table("$.a", [{ records: [{ a: "\u0001".repeat(1000) }, { a: "\u0001".repeat(900) }] }])[1], {
      "value-too-long": 1,
    });
  });

  it("finds own members only", () => {
    assert.deepEqual(table("$.constructor,$.info.length", [{ records: [{ info: [1] }, '{"__proto__":{"a":1}}'] }])[0], {
      "(none)|(none)": 2,
    });
    assert.deepEqual(table("$.__proto__.a", [{ records: ['{"__proto__":{"a":1}}'] }])[0], { "1": 1 });
  });

  it("names its columns by what it counts by", async () => {
    const key = counts.key;
    assert.ok(typeof key === "function");
    assert.deepEqual(key({ by: `channel,$['a, "b'][0].c` }), ["channel", "$.a___b[0].c"]);
    assert.deepEqual(await check({ by: " channel , $['a, b'] " }), { typed: true, value: { by: "channel,$['a, b']" } });
    for (const [by, message] of [
      ["", /expected a dimension .* at the end/],
      ["a,", /at the end/],
      ["$.a b", /at " b"/],
      ["$[01]", /at "\[01\]"/],
      ["$..a", /at "\.\.a"/],
      ["$['a", /at "\['a"/],
      [`a${"b".repeat(63)}`, /longer than 63/],
      ["a,b,a", /two columns "a"/],
    ] as const) {
      const result = (await check({ by })) as { issues?: { message: string }[] };
      assert.match(result.issues?.[0]?.message ?? "", message, by);
    }
    assert.ok("issues" in ((await check({})) as object));
  });

  it("reads quoted steps with their escapes", () => {
    assert.deepEqual(parseColumns(String.raw`$['it\'s']["\\"][7].x-y`), [
      { text: String.raw`$['it\'s']["\\"][7].x-y`, name: String.raw`$.it's.\[7].x-y`, path: ["it's", "\\", 7, "x-y"] },
    ]);
    assert.deepEqual(parseColumns("$"), [{ text: "$", name: "$", path: [] }]);
  });

  it("merges exactly in any order, and keeps no state in the module", () => {
    const options = { params: { by: "channel,$.info.OS" } };
    const blocks = BLOCK.records.map((record, i) => ({
      dimensions: { channel: `c${i % 2}` },
      records: [record, record],
    }));
    checkMerge(
      counts,
      blocks.map((block) => runAnalysis(counts, [block], options).entries),
    );
    checkIsolation(counts, blocks[0] as TestBlock, blocks[1] as TestBlock, options);
  });
});
