/** That the cursor takes what `JSON.parse` takes, to the bit, and refuses what it refuses. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { JsonCursor } from "../../../shared/records/json-cursor.ts";
import { NO_MEMBER, NameTable, UNKNOWN_NAME, hashOf } from "../../../shared/records/name-table.ts";
import { SparseNumbers } from "../../../shared/records/sparse-numbers.ts";
import { Surprise } from "../../../shared/records/surprise.ts";
import { damaged, jsonText, numberText } from "./json-texts.ts";

/** What `read` gives at the begin of a text that lies somewhere within other bytes; undefined when it surprises. */
function reading<T>(text: string | Uint8Array, read: (cursor: JsonCursor) => T): T | undefined {
  const around = Buffer.concat([Buffer.from('1,"\\'), Buffer.from(text), Buffer.from('0,0,0,0,"]}')]);
  const cursor = new JsonCursor();
  try {
    cursor.start(around.subarray(4, around.length - 11));
    const result = read(cursor);
    cursor.finish();
    return result;
  } catch (error) {
    assert.ok(error instanceof Surprise, String(error));
    return undefined;
  }
}

function parsed(text: string | Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(Buffer.from(text).toString()) };
  } catch {
    return undefined;
  }
}

const skipped = (text: string | Uint8Array): boolean =>
  reading(text, (cursor) => {
    cursor.skip();
    return true;
  }) === true;

/** The only element of a list, as the cursor reads it. */
function numberIn(text: string): number | undefined {
  return reading(`[${text}]`, (cursor) => {
    cursor.enterList();
    assert.ok(cursor.nextElement());
    const number = cursor.number();
    assert.equal(cursor.nextElement(), false);
    return number;
  });
}

describe("a cursor over JSON", () => {
  it("passes over what JSON.parse takes, and nothing else", () => {
    fc.assert(
      fc.property(jsonText, fc.option(damaged), (text, damage) => {
        const bytes = damage === null ? Buffer.from(text) : damage(Buffer.from(text));
        const result = parsed(bytes);
        assert.equal(skipped(bytes), typeof result?.value === "object" && result.value !== null);
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses what is broken in any part", () => {
    for (const text of [
      "",
      " ",
      "1",
      '"a"',
      "null",
      "[",
      "{",
      "]",
      "}",
      "[]]",
      "[}",
      "{]",
      "[] 1",
      "[\u00a0]",
      "\ufeff[]",
      "[1 2]",
      "[1,]",
      "[,1]",
      "[,]",
      '{"a":1,}',
      "{,}",
      '{"a"}',
      '{"a":}',
      "{a:1}",
      '{"a":1 "b":2}',
      '{"a",1}',
      "{1:2}",
      "[01]",
      "[1.]",
      "[.1]",
      "[-]",
      "[+1]",
      "[1e]",
      "[1e+]",
      "[--1]",
      "[0x1]",
      "[1.e1]",
      "[-01]",
      "[1-]",
      "[٣]",
      "[tru]",
      "[True]",
      "[nul]",
      "[truee]",
      "[NaN]",
      "[Infinity]",
      "[undefined]",
      '["a]',
      '["\\x"]',
      "['a']",
      '["\\u12"]',
      '["\\u12G4"]',
      '["\\',
      '["\\"]',
      '["\t"]',
      '["\n"]',
      '["\u0000"]',
      "[0,0,0,0,]",
      "[\v1]",
      "[1\f]",
      "[0,0,0,0,0,0,0,0,0,00]",
    ]) {
      assert.equal(parsed(text) === undefined || !text.trimStart().startsWith("["), true, text);
      assert.equal(skipped(text), false, text);
    }
  });

  it("takes blanks, escapes, bytes that are no UTF-8 in strings, and what lies deep", () => {
    for (const text of [
      " \t\r\n[ ] \t\r\n",
      ' { "a" : [ ] , "b" : { } } ',
      '["\\u00e9\\ud800\\"\\\\\\/\\b\\f\\n\\r\\t"]',
      '["\u2028\u007f"]',
      "[-0,-0.0e-0,1E5,0e999999]",
      "[0,0,0,0, 1]",
      "[[0,0,0,0, 0,0,0,0,\t0]]",
      `${"[".repeat(256)}${"]".repeat(256)}`,
      '[true,false,null,"",0]',
      '{"":0,"":1}',
    ]) {
      assert.equal(skipped(text), true, text);
    }
    assert.equal(skipped(Buffer.from([0x5b, 0x22, 0xff, 0xc3, 0x22, 0x5d])), true);
    assert.equal(skipped(Buffer.from([0x5b, 0xff, 0x5d])), false);
    // Deeper than it goes itself.
    assert.equal(skipped(`${"[".repeat(257)}${"]".repeat(257)}`), false);
  });

  it("reads numbers to the bit", () => {
    // In the middle between two doubles, which lie half of one or one apart there.
    const midway = fc.oneof(
      fc
        .tuple(fc.bigInt({ min: 2n ** 51n, max: 2n ** 52n - 1n }), fc.constantFrom(".25", ".75", ".250", ".2500000001"))
        .map((parts) => parts.join("")),
      fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }).map((whole) => `${whole}.5`),
    );
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: numberText }, { weight: 1, arbitrary: midway }), (text) => {
        const expected = parsed(text)?.value;
        assert.ok(Object.is(numberIn(text), expected), `${text}: ${numberIn(text)} instead of ${String(expected)}`);
      }),
      { numRuns: 20_000 },
    );
  });

  it("reads lists of numbers without their zeros, as they are written", () => {
    const blank = fc.constantFrom("", "", "", " ", "\t");
    const list = fc.array(fc.tuple(blank, fc.oneof(fc.constant("0"), fc.constant("0"), numberText), blank));
    fc.assert(
      fc.property(list, fc.nat(3), (items, before) => {
        const text = `[${items.map((item) => item.join("")).join(",")}]`;
        const into = new SparseNumbers();
        into.begin(text.length + before);
        into.used = before;
        const length = reading(text, (cursor) => cursor.numbers(into));
        const expected = parsed(text)?.value as number[] | undefined;
        assert.equal(length, expected?.length, text);
        if (expected === undefined) return;
        const read = expected.map(() => 0);
        for (let i = before; i < into.used; i++) read[into.places[i] as number] = into.values[i] as number;
        assert.deepEqual(
          read,
          expected.map((number) => number + 0),
          text,
        );
        assert.ok(expected.every((number) => Math.abs(number) <= into.magnitudeMax));
        assert.equal(into.used - before, expected.filter((number) => number !== 0).length);
      }),
      { numRuns: 2000 },
    );
    for (const text of ["[1,null]", '["1"]', "[[1]]", "{}", '"1"', "[true]"]) {
      const found = reading(`{"a":${text}}`, (cursor) => {
        cursor.enterObject();
        cursor.nextMember();
        const length = cursor.numbers(new SparseNumbers());
        cursor.skip();
        cursor.nextMember();
        return length;
      });
      assert.equal(found, -1, text);
    }
  });

  it("gives values as JSON.parse does", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const values = reading(`[${text},${text}]`, (cursor) => {
          cursor.enterList();
          const found: unknown[] = [];
          while (cursor.nextElement()) found.push(cursor.value());
          return found;
        });
        const value = JSON.parse(text) as unknown;
        assert.deepEqual(values, [value, value]);
      }),
      { numRuns: 1000 },
    );
  });

  it("knows names by their bytes, in any order, however they collide", () => {
    const name = fc.oneof(
      fc.constantFrom("a", "b", "aa", "GC_REASON_2", "GC_REASON_3", "GC_REASON_2_LONG", "ä", ""),
      fc.string(),
    );
    const escaped = (text: string): string => `"\\u0061${JSON.stringify(text).slice(1)}`;
    const objects = fc.array(fc.array(fc.tuple(name, fc.boolean())), { maxLength: 6 });
    fc.assert(
      fc.property(objects, fc.constantFrom(-1, 1, 0), (given, hashMask) => {
        const table = new NameTable();
        const numbers = new Map<string, number>();
        const cursor = new JsonCursor(hashMask);
        for (const members of given) {
          const text = `{${members.map(([name, escape]) => `${escape ? escaped(name) : JSON.stringify(name)}:0`).join(", ")}}`;
          cursor.start(Buffer.from(text));
          cursor.enterObject();
          for (const [name, escape] of members) {
            const found = cursor.nextOf(table);
            const plain = !escape && JSON.stringify(name) === `"${name}"`;
            if (found === UNKNOWN_NAME) {
              assert.equal(cursor.nameEscaped, !plain);
              if (plain) {
                assert.ok(!numbers.has(name) || numbers.get(name) === UNKNOWN_NAME);
                assert.equal(cursor.nameAscii, /^[ -\u007f]*$/.test(name));
                const { bytes, nameStart, nameEnd, nameHash } = cursor;
                assert.equal(nameHash, hashOf(bytes, nameStart, nameEnd) & hashMask);
                const number = table.add(bytes, nameStart, nameEnd, nameHash);
                numbers.set(name, number);
                if (number >= 0) table.came(number);
              }
            } else {
              assert.ok(plain);
              assert.equal(numbers.get(name), found);
              assert.equal(table.text(found), name);
            }
            assert.equal(cursor.number(), 0);
          }
          assert.equal(cursor.nextOf(table), NO_MEMBER);
          cursor.finish();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("takes in no more names than can be told apart quickly", () => {
    const table = new NameTable();
    const add = (text: string, hash: number): number => table.add(Buffer.from(text), 0, text.length, hash);
    const colliding = Array.from({ length: 100 }, (_, i) => add(`n${i}`, 7));
    assert.deepEqual(
      colliding,
      Array.from({ length: 100 }, (_, i) => (i < 64 ? i : -1)),
    );
    assert.equal(add("n63", 7), 63);
  });

  it("grows with the names that it takes in", () => {
    const table = new NameTable();
    const add = (text: string): number =>
      table.add(Buffer.from(text), 0, text.length, hashOf(Buffer.from(text), 0, text.length));
    for (let i = 0; i < 5000; i++) assert.equal(add(`m${i}`), i);
    for (let i = 0; i < 5000; i++) assert.equal(table.text(i), `m${i}`);
    assert.equal(add("m4999"), 4999);
    assert.equal(table.size, 5000);
    assert.ok(table.bytes > new NameTable().bytes + 5000 * 36);
  });
});
