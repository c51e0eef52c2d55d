/** Pairs of one record: what the ones before emitted, or began to emit, is not among them. */
import assert from "node:assert/strict";
import { array, assert as assertProperty, boolean, constantFrom, integer, property, record } from "fast-check";
import { RecordPairs } from "../../../executor/core/record-pairs.ts";

describe("the pairs of a record", () => {
  it("are those that it emitted, in order, whatever came before", () => {
    // Beyond 16 the room of a record is given back.
    const emitted = record({
      pairs: constantFrom(0, 1, 2, 3, 16, 17, 200),
      threw: boolean(),
      first: integer(),
    });
    assertProperty(
      property(array(emitted, { maxLength: 12 }), (records) => {
        const pairs = new RecordPairs(1);
        for (const { pairs: count, threw, first } of records) {
          pairs.begin();
          for (let i = 0; i < count; i++) pairs.emit([`k${first + i}`], first + i);
          pairs.end();
          // One that throws is not asked for its pairs.
          if (threw) continue;
          const got: unknown[] = [];
          pairs.each((text, key, value) => got.push([text, key[0], value]));
          const expected = Array.from({ length: count }, (_, i) => [`k${first + i}`, `k${first + i}`, first + i]);
          assert.deepEqual(got, expected);
        }
      }),
      { numRuns: 100 },
    );
  });
});
