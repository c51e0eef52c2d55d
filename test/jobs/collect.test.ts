import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Exact } from "../../jobs/index.ts";
import { addExact, collect, defineAnalysis, nearest } from "../../jobs/index.ts";
import { checkIsolation, checkMerge, runAnalysis } from "../../jobs/testing.ts";
import { asTree, seeded, shuffled } from "../../jobs/testing/orders.ts";

describe("lists as values", () => {
  it("are merged in order, duplicates kept, up to the bound", () => {
    const merge = collect<unknown>({ max: 4 });
    assert.deepEqual(merge(["b", "a"], ["a"]), ["a", "a", "b"]);
    assert.deepEqual(merge([3, { x: 1 }, null], ["z", 10]), ["z", 10, 3, null]);
    assert.throws(() => collect({ max: 0 }), /at least 1, got 0/);
  });

  it("do not depend on the order of merging", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ maxLength: 2 })), { minLength: 1 }), fc.integer(), (lists, seed) => {
        const merge = collect<string>({ max: 5 });
        const random = seeded(seed);
        const expected = merge(lists.reduce(merge, []), []);
        for (let i = 0; i < 10; i++) {
          assert.deepEqual(merge(asTree<string[]>(shuffled(lists, random), merge, random), []), expected);
        }
      }),
    );
  });
});

describe("the helpers for tests of analyses", () => {
  const blocks = [1, 0.1, 1e16, -3, 0.7, 1e-9].map((number) => ({ records: [{ number }] }));

  it("object to a merge that depends on the order", () => {
    const sums = (merge: (a: number, b: number) => number) =>
      defineAnalysis<number>({
        name: "sums",
        key: ["k"],
        map: (record, emit) => emit([""], record.json().number),
        merge,
      });
    const check = (merge: (a: number, b: number) => number) => () =>
      checkMerge(
        sums(merge),
        blocks.map((block) => runAnalysis(sums(merge), [block]).entries),
      );
    assert.throws(
      check((a, b) => a + b),
      /merge depends on the order/,
    );
    assert.throws(
      check((a) => a),
      /merge depends on the order/,
    );
    check((a, b) => Math.max(a, b))();
    const exact = defineAnalysis<Exact>({
      name: "exact",
      key: ["k"],
      map: (record, emit) => emit([""], record.json().number),
      merge: addExact,
    });
    checkMerge(
      exact,
      blocks.map((block) => runAnalysis(exact, [block]).entries),
    );
    const [entry] = runAnalysis(exact, blocks).entries;
    assert.equal(nearest(entry?.[1] ?? 0), 9999999999999998);
  });

  it("object to state that one block leaves for the next", () => {
    let seen = 0;
    const leaking = defineAnalysis<number>({
      name: "leaking",
      key: ["k"],
      map: (_record, emit) => emit([""], seen++),
      merge: (a, b) => a + b,
    });
    assert.throws(() => checkIsolation(leaking, { records: [1] }, { records: [1, 2] }), /keeps state/);
  });

  it("overwrite a record's bytes when the callback returns", () => {
    const kept: Uint8Array[] = [];
    const keeping = defineAnalysis<number>({
      name: "keeping",
      key: ["k"],
      map: (record, emit) => {
        kept.push(record.bytes);
        emit([record.text()], 1);
      },
      merge: (a, b) => a + b,
    });
    assert.deepEqual(runAnalysis(keeping, [{ records: ["abc", "abc"] }]).entries, [[["abc"], 2]]);
    assert.ok(kept.every((bytes) => bytes.every((byte) => byte === 0xff)));
  });

  it("let nothing of a rejected record through, and refuse keys of another width", () => {
    const half = defineAnalysis<number>({
      name: "half",
      key: ["a", "b"],
      map: (record, emit) => {
        emit(["x", "y"], 1);
        record.json();
        emit(["x"], 1);
      },
      merge: (a, b) => a + b,
    });
    assert.deepEqual(runAnalysis(half, [{ records: ["{"] }]), { entries: [], rejected: { "invalid-json": 1 } });
    assert.throws(() => runAnalysis(half, [{ records: ["1"] }]), /emit takes a list of 2 columns; got \["x"\]/);
    const text = "x" as unknown as readonly string[];
    const one = defineAnalysis<number>({
      name: "one",
      key: ["a"],
      map: (_record, emit) => emit(text, 1),
      merge: (a, b) => a + b,
    });
    assert.throws(() => runAnalysis(one, [{ records: ["1"] }]), /emit takes a list of 1 column; got "x"/);
  });
});
