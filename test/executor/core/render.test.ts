/** What rendering demands of user code: that it is done when it has answered. */
import assert from "node:assert/strict";
import type { Entries } from "../../../executor/core/entries.ts";
import { renderUnit } from "../../../executor/core/render.ts";
import type { Publish, Site } from "../../../jobs/analysis.ts";
import { load } from "./fixtures.ts";

const nothing = { count: 0, inHand: "", next: () => false, *[Symbol.iterator]() {} } as unknown as Entries;
const options = { unit: [], stamp: "20000101000000", suffix: "1-0a1b2c3d", create: () => ({ write() {}, close() {} }) };

/** Types let it pass where nothing is expected. */
const late = (async (_unit: unknown, _entries: unknown, site: Site) => {
  site.write("a.json", "1");
  await Promise.resolve();
  site.write("b.json", "2");
}) as unknown as Publish<number, unknown>["render"];

const publish: Publish<number, unknown> = {
  by: 0,
  pointer: "p.json",
  label: () => "l",
  folder: (_unit, stamp, suffix) => `${stamp}-${suffix}`,
  render: () => undefined,
};

describe("rendering", () => {
  for (const [name, more] of [
    ["publish.render", { publish: { ...publish, render: late } }],
    [
      "publish.renderEncoded",
      { publish: { ...publish, renderEncoded: late as unknown as Publish<number, unknown>["renderEncoded"] } },
    ],
    [
      "end of `beside`",
      {
        beside: () => ({ add: () => undefined, end: (site: Site) => late({ key: [] }, [], site, undefined as never) }),
      },
    ],
  ] as const) {
    it(`refuses ${name} that has only begun`, () => {
      const loaded = load<number>({
        name: "late",
        key: ["a"],
        map: () => undefined,
        merge: (a, b) => a + b,
        ...(more as object),
      });
      assert.throws(() => renderUnit(nothing, loaded, options), /must not be async/);
    });
  }
});
