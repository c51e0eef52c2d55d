/** The page's state in its address: all of it comes back, and nothing that is broken gets in. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { entryOf, type How } from "../../../dashboard/page/history.ts";
import { isSanitized } from "../../../dashboard/page/sanitize.ts";
import { fromHash, toHash } from "../../../dashboard/page/state-hash.ts";
import {
  comparedMax,
  comparisonViews,
  distributionViews,
  figures,
  firstState,
  seriesOf,
  statisticNames,
  type LineName,
  type PageState,
} from "../../../dashboard/page/state.ts";
import { themes } from "../../../dashboard/parts/themes.ts";

const text = fc.string({ unit: "grapheme" });
const filters = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((pairs) => new Map(pairs));
const lineNames: readonly LineName[] = [...statisticNames, "v0", "v3", "v12"];
const date = fc.option(fc.constantFrom("20130101", "20131231", "20140210"), { nil: null });
const state: fc.Arbitrary<PageState> = fc
  .record(
    {
      version: fc.option(text, { nil: null }),
      measure: fc.option(text, { nil: null }),
      dates: fc.option(text, { nil: null }),
      filters,
      from: date,
      to: date,
      compared: fc.array(
        fc.record({ version: text, filters: fc.option(filters, { nil: null }) }, { noNullPrototype: true }),
        {
          maxLength: comparedMax,
        },
      ),
      sanitize: fc.option(fc.boolean(), { nil: null }),
      lines: fc.option(fc.subarray([...lineNames]), { nil: null }),
      distribution: fc.constantFrom(...distributionViews),
      comparison: fc.constantFrom(...comparisonViews),
      theme: fc.constantFrom(...themes),
      only: fc.option(fc.constantFrom(...figures), { nil: null }),
    },
    { noNullPrototype: true },
  )
  .filter(({ from, to }) => from === null || to === null || from <= to);

describe("the page's state in its address", () => {
  it("comes back whole, with or without the sign before it", () => {
    fc.assert(
      fc.property(state, (given) => {
        assert.deepEqual(fromHash(`#${toHash(given)}`), given);
        assert.equal(toHash(fromHash(toHash(given))), toHash(given));
      }),
    );
  });

  it("says whether few are hidden only where somebody chose, as links of before do", () => {
    assert.deepEqual(
      ["", "sanitize=off", "sanitize=on", "sanitize=x"].map((hash) => fromHash(hash).sanitize),
      [null, false, true, null],
    );
    assert.deepEqual(
      ([null, true, false] as const).map((chosen) => [isSanitized(chosen, "linear"), isSanitized(chosen, "counter")]),
      [
        [true, false],
        [true, true],
        [false, false],
      ],
    );
  });

  it("is short at the start, and says what was chosen", () => {
    assert.equal(toHash(firstState), "");
    const chosen = { ...firstState, version: "nightly/28", measure: "__proto__", filters: new Map([["OS", "<b>"]]) };
    assert.equal(toHash(chosen), "version=nightly%2F28&measure=__proto__&filter.OS=%3Cb%3E");
  });

  it("is never refused, however broken, and keeps what is whole", () => {
    fc.assert(
      fc.property(fc.string(), state, fc.nat(), (junk, given, at) => {
        fromHash(junk);
        fromHash(`#${toHash(given).slice(0, at)}`);
      }),
    );
    const broken = fromHash(
      "#version=a%2&from=2013-1&to=20131201&compare=x&theme=pink&only=all&lines=p50.p7.vx.v-1&measure=M",
    );
    assert.deepEqual(broken, { ...firstState, version: "a%2", measure: "M", to: "20131201", lines: ["p50"] });
    assert.deepEqual(fromHash("#from=20140101&to=20130101"), firstState);
    assert.deepEqual(fromHash(`#version=${"x".repeat(30_000)}`), firstState);
    const many = Array.from({ length: 9 }, () => "compare=version%3Da").join("&");
    assert.equal(fromHash(many).compared.length, comparedMax);
  });
});

describe("filters of the address", () => {
  it("are those of dimensions that there are: others narrow nothing, and are said nowhere", () => {
    const own = fromHash(
      `#filter.OS=Linux&filter.country=DE&compare=${encodeURIComponent("version=b&own=filters&filter.x=1")}&compare=version%3Dc`,
    );
    const filters = seriesOf(own, "a", ["OS", "arch"]).map((series) => [series.version, ...series.filters]);
    assert.deepEqual(filters, [["a", ["OS", "Linux"]], ["b"], ["c", ["OS", "Linux"]]]);
  });
});

describe("the browser's history", () => {
  /** The addresses in it after changes from the first one. */
  const after = (first: string, ...changes: readonly (readonly [How, hash: string])[]): readonly string[] => {
    const entries = [first];
    let stepped: string | null = null;
    for (const [how, hash] of changes) {
      // As browsers have it.
      const current = entries.at(-1) === "#" ? "" : (entries.at(-1) ?? "");
      const entry = entryOf(how, hash, current, stepped);
      if (!entry.isNew) entries.pop();
      entries.push(hash);
      stepped = entry.stepped;
    }
    return entries;
  };

  it("has an entry for each choice, and one for steps together", () => {
    assert.deepEqual(after("#", ["push", "#a"], ["step", "#b"], ["step", "#c"], ["push", "#d"], ["step", "#e"]), [
      "#",
      "#a",
      "#c",
      "#d",
      "#e",
    ]);
    assert.deepEqual(after("#a", ["replace", "#b"], ["push", "#b"]), ["#b"]);
    assert.deepEqual(after("#a", ["step", "#"], ["step", "#b"]), ["#a", "#b"]);
  });

  it("keeps what was before a step that changed nothing, and has no entry twice", () => {
    assert.deepEqual(after("#a", ["push", "#b"], ["step", "#b"], ["step", "#c"]), ["#a", "#b", "#c"]);
    assert.deepEqual(after("#a", ["step", "#b"], ["step", "#b"], ["step", "#c"]), ["#a", "#c"]);
    assert.deepEqual(after("", ["push", "#"], ["step", "#"]), ["#"]);
  });
});
