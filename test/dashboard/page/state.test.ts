/** The page's state in its address: all of it comes back, and nothing that is broken gets in. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isSanitized } from "../../../dashboard/page/sanitize.ts";
import { fromHash, toHash } from "../../../dashboard/page/state-hash.ts";
import {
  comparedMax,
  comparisonViews,
  distributionViews,
  figures,
  firstState,
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
