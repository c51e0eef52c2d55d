import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import {
  decodeKey,
  decodeKeyText,
  encodeKey,
  encodeKeyBytes,
  KEY_BYTES_MAX,
  prefixRange,
} from "../../../shared/segment/key.ts";
import { compareBytes, compareTexts, sortTexts } from "../../../shared/segment/order.ts";

/** Strings in which everything that is escaped, and both ends of the UTF-16 order, are common. */
const column = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", "b", "\\", "\t", "\n", "\r", "x", "0", "\0", "\u007f", "é", "\ue000", "\uffff", "😀"),
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
  ),
  maxLength: 8,
});
const tuple = fc.array(column, { minLength: 1, maxLength: 4 });

describe("segment keys", () => {
  it("are written as the format says", () => {
    assert.equal(encodeKey(["a", "", "b c"]), "a\t\tb c");
    assert.equal(encodeKey(["\\", "\t\n\r", "\0\u001f\u007f"]), "\\\\\t\\t\\n\\r\t\\x00\\x1f\\x7f");
    assert.equal(encodeKeyBytes(["é😀"]).toString("hex"), "c3a9f09f9880");
  });

  it("come back as they were, and hold no byte that a line is cut at", () => {
    fc.assert(
      fc.property(tuple, (columns) => {
        const bytes = encodeKeyBytes(columns);
        assert.deepEqual(decodeKey(bytes), columns);
        assert.deepEqual(decodeKeyText(encodeKey(columns)), columns);
        assert.equal(bytes.filter((byte) => byte === 9).length, columns.length - 1);
        assert.ok(bytes.every((byte) => byte === 9 || (byte >= 32 && byte !== 127)));
      }),
    );
  });

  it("have one encoding only: anything else is corrupt, not a second name", () => {
    for (const text of ["\\", "\\q", "\\x", "\\x0A", "\\x0a", "\\x41", "\\x5c", "\\xg0", "\u0001", "a\nb", "\u007f"]) {
      assert.throws(() => decodeKeyText(text), { code: "corrupt" }, JSON.stringify(text));
    }
    assert.throws(() => decodeKey(Buffer.from([0x61, 0xff])), { code: "corrupt" });
    assert.throws(() => decodeKey(Buffer.from("eda080", "hex")), { code: "corrupt" });
  });

  it("refuse half a surrogate pair, no column, what is no string, and more than 4 KiB", () => {
    for (const half of ["\ud800", "a\udc00b", "\udc00\ud800"])
      assert.throws(() => encodeKey([half]), { code: "invalid-key" });
    assert.throws(() => encodeKey([]), { code: "invalid-key" });
    assert.throws(() => encodeKey(["a", undefined as unknown as string]), {
      code: "invalid-key",
      message: /column 2 .* undefined/,
    });
    assert.equal(encodeKeyBytes(["a".repeat(KEY_BYTES_MAX)]).length, KEY_BYTES_MAX);
    assert.throws(() => encodeKey(["a".repeat(KEY_BYTES_MAX), ""]), { code: "limit" });
    assert.throws(() => encodeKey(["é".repeat(KEY_BYTES_MAX / 2 + 1)]), { code: "limit" });
    assert.throws(() => encodeKey(["\0".repeat(KEY_BYTES_MAX / 4 + 1)]), { code: "limit" });
  });

  it("sort by their bytes, whichever way they are compared", () => {
    fc.assert(
      fc.property(fc.array(tuple, { maxLength: 12 }), (tuples) => {
        const texts = tuples.map(encodeKey);
        const byBytes = texts.map((text) => Buffer.from(text)).toSorted((a, b) => Buffer.compare(a, b));
        assert.deepEqual(
          sortTexts(texts).map((text) => Buffer.from(text)),
          byBytes,
        );
        assert.deepEqual(texts.toSorted(compareTexts), byBytes.map(String));
        assert.deepEqual(byBytes.toSorted(compareBytes), byBytes);
      }),
    );
  });

  it("sort characters beyond U+FFFF after all others, where JavaScript does not", () => {
    assert.deepEqual(sortTexts(["\u{1f600}", "\uffee", "a"]), ["a", "\uffee", "\u{1f600}"]);
    assert.deepEqual(["\u{1f600}", "\uffee", "a"].toSorted(), ["a", "\u{1f600}", "\uffee"]);
  });

  it("are found by their first columns, and no others are", () => {
    fc.assert(
      fc.property(tuple, tuple, fc.nat(4), (columns, other, shared) => {
        const key = [...columns.slice(0, shared), ...other];
        const { from, to } = prefixRange(columns);
        assert.ok(from !== undefined && to !== undefined);
        const bytes = encodeKeyBytes(key);
        const inside = compareBytes(from, bytes) <= 0 && compareBytes(bytes, to) < 0;
        assert.equal(
          inside,
          columns.every((value, i) => key[i] === value),
        );
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(prefixRange([]), {});
  });
});
