/** Logs of attempts on the status page: what anybody printed is shown and never obeyed. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { logLines, plainText } from "../../../dashboard/status/log-lines.ts";

const printed = (...lines: readonly string[]): string =>
  lines.map((line) => `${JSON.stringify({ printed: line })}\n`).join("");

describe("the log of an attempt", () => {
  it("is told in words: rejected records with their place, and what was printed", () => {
    const rejected = { rejected: "invalid-json", block: "a/b.gz", ordinal: 3, offset: 120, message: "no value" };
    assert.deepEqual(logLines(`${JSON.stringify(rejected)}\n${printed("hello")}`), [
      "rejected invalid-json: record 3 at byte 120 of a/b.gz: no value",
      "hello",
    ]);
    assert.deepEqual(logLines('{"printed":"cut in'), ['{"printed":"cut in']);
    assert.deepEqual(logLines('7\nnull\n{"newer":1}'), ["7", "null", '{"newer":1}']);
  });

  it("has no colours, and shows all other control characters", () => {
    assert.deepEqual(
      logLines(
        printed("\u001b[1;31mred\u001b[0m", "bell\u0007", "\u001b]0;title\u0007", "a\u202eb", "1 %\r2 %\r", "\ta"),
      ),
      ["red", String.raw`bell\x07`, String.raw`\x1b]0;title\x07`, String.raw`a\u202eb`, "1 %", "2 %", "    a"],
    );
    assert.equal(plainText("one\r\ntwo\n"), "one\ntwo");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(plainText(text), /[^\P{Cc}\n]/u);
        for (const line of logLines(printed(text))) assert.doesNotMatch(line, /\p{Cc}/u);
      }),
    );
  });

  it("aligns what follows a time", () => {
    assert.deepEqual(logLines(printed("2026-01-31T13:05:09Z began", "[2026-01-31 13:05:09.123] ended", "no time")), [
      "2026-01-31T13:05:09Z     began",
      "2026-01-31 13:05:09.123  ended",
      "no time",
    ]);
  });

  it("is read in time by its length: a page would stand still on what one line can hold", () => {
    // By its square this takes longer than a test may.
    const manyMax = 1 << 18;
    for (const text of ["\r", "\n", "\u001b[0", "\u001b["])
      assert.ok(plainText(`${text.repeat(manyMax)}é`).endsWith("é"), JSON.stringify(text));
    assert.equal(plainText(`a${"\n".repeat(manyMax)}`), "a");
    const blanks = `2026-01-31T13:05:09Z${" :".repeat(manyMax)}`;
    assert.equal(logLines(printed(`${blanks}\u2028`)).length, 1);
  });
});
