import assert from "node:assert/strict";
import * as fc from "fast-check";
import { SpotfoldError } from "../../shared/errors.ts";
import { checkKey, compareKeys, keyBytesMax, segmentBytesMax } from "../../shared/keys.ts";

function reasonOf(key: string): string | undefined {
  try {
    checkKey(key);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof SpotfoldError);
    assert.equal(error.code, "invalid-key");
    assert.ok(error.hint !== undefined);
    return error.message;
  }
}

/** A key of this many bytes in segments of at most 100. */
function keyOfBytes(bytes: number): string {
  return "x".repeat(bytes).replace(/.{99}(?=.)./g, `${"x".repeat(99)}/`);
}

describe("checkKey", () => {
  for (const key of [
    "a",
    "a/b",
    "runs/2013-10-01/x.json",
    "...",
    ".hidden/..x/x..",
    "100%/%2F/%2e%2e",
    "a+b c",
    " leading and trailing ",
    "日本/😀/é",
    "\uFFFD\uFFFE",
    "back\\slash:*?\"<>|'",
    "x".repeat(segmentBytesMax),
    "é".repeat(segmentBytesMax / 2),
    keyOfBytes(keyBytesMax),
  ]) {
    it(`accepts ${JSON.stringify(key.slice(0, 40))} (${Buffer.byteLength(key)} bytes)`, () => {
      assert.equal(reasonOf(key), undefined);
    });
  }

  const refused: [string, RegExp][] = [
    ["", /is empty/],
    ["/a", /segment 1 is empty/],
    ["a//b", /segment 2 is empty/],
    ["a/", /segment 2 is empty/],
    [".", /segment 1 is "\."/],
    ["a/./b", /segment 2 is "\."/],
    ["a/../b", /segment 2 is "\.\."/],
    ["a/b/..", /segment 3 is "\.\."/],
    ["a/b\u0000c", /segment 2 holds the control character U\+0000 at character 2/],
    ["a\tb", /U\+0009/],
    ["a\nb", /U\+000A/],
    ["a\u007Fb", /U\+007F/],
    ["a\u0085b", /U\+0085/],
    ["a\uD800b", /surrogate/],
    ["a\uDC00", /surrogate/],
    ["x".repeat(segmentBytesMax + 1), /segment 1 has 201 bytes/],
    [`ok/${"é".repeat(segmentBytesMax / 2)}x`, /segment 2 has 201 bytes/],
    [keyOfBytes(keyBytesMax + 1), /has 1025 bytes/],
  ];
  for (const [key, reason] of refused) {
    it(`refuses ${JSON.stringify(key.slice(0, 40))}, saying ${reason.source}`, () => {
      assert.match(reasonOf(key) ?? "accepted", reason);
    });
  }
});

describe("compareKeys", () => {
  it("orders as memcmp of the UTF-8 bytes", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "-", "é", "\uD7FF", "\uE000", "\uFFFD", "😀", "𐀀") });
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it("puts a character beyond U+FFFF behind U+FFFD, where UTF-16 puts it before", () => {
    assert.deepEqual(["😀", "\uFFFD"].toSorted(compareKeys), ["\uFFFD", "😀"]);
    assert.deepEqual(["\uFFFD", "😀"].toSorted(), ["😀", "\uFFFD"]);
  });
});
