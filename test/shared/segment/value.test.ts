import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decodeValue, encodeValue } from "../../../shared/segment/value.ts";

const small = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value), safe));

/** What the helper refuses is tested by itself. */
function safe(_name: string, value: unknown): unknown {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? 1 : value;
}

/** The same value, its members in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe("segment values", () => {
  it("come back, are one line without TAB, and do not show in which order members came", () => {
    fc.assert(
      fc.property(small, (value) => {
        const text = encodeValue(value);
        assert.deepEqual(decodeValue(text), JSON.parse(JSON.stringify(value)));
        assert.ok(!/[\t\n]/.test(text));
        assert.equal(encodeValue(reversed(value)), text);
        assert.equal(encodeValue(decodeValue(text)), text);
      }),
    );
  });

  it("are JSON.stringify's bytes where order says nothing", () => {
    for (const value of [
      0,
      [1, 2.5, 1e-7, 1e300 / 1e300],
      "a\t\n\u2028\ud800",
      [[], {}, null, true],
      { a: 1, b: [2] },
    ]) {
      assert.equal(encodeValue(value), JSON.stringify(value));
    }
    assert.equal(encodeValue({ b: 1, 10: 2, 9: 3, a: 4 }), '{"10":2,"9":3,"a":4,"b":1}');
    assert.equal(encodeValue([-0, 0.5]), "[0,0.5]");
    assert.equal(encodeValue([-0]), "[0]");
    assert.equal(encodeValue(JSON.parse('{"__proto__":1}')), '{"__proto__":1}');
  });

  it("are refused where JSON would change them, and the message says where", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const holes: unknown[] = [1];
    holes[2] = 3;
    const bad: [unknown, RegExp][] = [
      [Number.NaN, /the value itself is NaN/],
      [{ a: [1, undefined] }, /\.a\[1\] is undefined/],
      [holes, /\[1\] is undefined/],
      [[1, 2 ** 53], /\[1\] is 9007199254740992/],
      [[0.5, -(2 ** 53)], /\[1\] is -9007199254740992/],
      [[Number.POSITIVE_INFINITY], /\[0\] is Infinity/],
      [{ a: () => 1 }, /\.a is function/],
      [1n, /bigint/],
      [[Symbol("x")], /symbol/],
      [new Date(0), /class/],
      [[new Float64Array(1)], /\[0\] is an instance/],
      [cycle, /deeper than/],
    ];
    for (const [value, message] of bad) assert.throws(() => encodeValue(value), { code: "analysis-failed", message });
    assert.equal(encodeValue(2 ** 53 - 1), "9007199254740991");
    assert.equal(encodeValue([2 ** 53, 1e300], { largeIntegers: "keep" }), "[9007199254740992,1e+300]");
    assert.throws(() => encodeValue(Number.NaN, { largeIntegers: "keep" }), { code: "analysis-failed" });
  });

  it("have at most 16 MiB", () => {
    const most = "a".repeat(16 * 1024 * 1024 - 2);
    assert.equal(encodeValue(most).length, 16 * 1024 * 1024);
    assert.throws(() => encodeValue(`${most}a`), { code: "limit" });
    assert.throws(() => decodeValue("{"), { code: "corrupt" });
  });
});
