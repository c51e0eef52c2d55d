import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Struck } from "../../../executor/core/faults.ts";
import { Execution } from "../../../executor/core/execution.ts";
import type { ExecutionOptions } from "../../../executor/core/execution.ts";
import type { LoadedAnalysis } from "../../../executor/core/load.ts";
import { block, counting, countingMap, lines, load, Pairs } from "./fixtures.ts";

function execution(loaded: LoadedAnalysis = counting, options: Partial<ExecutionOptions> = {}) {
  const log: string[] = [];
  const made = new Execution({
    loaded,
    records: "ndjson",
    leftOut: [],
    log: (line) => log.push(line),
    overwrite: false,
    checkpointStateBytes: 1_000_000,
    ...options,
  });
  const pairs = (): [string, string][] => {
    const sink = new Pairs();
    made.drain(sink);
    return sink.list;
  };
  return { made, log, pairs };
}

describe("an execution", () => {
  it("combines pairs by partition and key, in key order, and is empty after a drain", () => {
    const { made, pairs } = execution();
    made.beginBlock(block(0, "20260102"));
    made.chunk(lines({ k: "b" }, { k: "\u{1f600}" }, { k: "a" }, { k: "\uffee" }, { k: "b" }));
    assert.equal(made.endBlock().records, 5);
    made.beginBlock(block(1, "20260101"));
    made.chunk(lines({ k: "b" }));
    made.endBlock();
    // U+FFEE sorts before U+1F600 in UTF-8, after it in UTF-16.
    const expected = ["20260101\tb=1", "20260102\ta=1", "20260102\tb=2", "20260102\t\uffee=1", "20260102\t\u{1f600}=1"];
    assert.deepEqual(
      pairs().map((pair) => pair.join("=")),
      expected,
    );
    assert.deepEqual(pairs(), []);
    assert.equal(made.stateBytes(), 0);
  });

  it("lets emits take effect when map returns: a throw leaves nothing behind", () => {
    const { made, log, pairs } = execution();
    made.beginBlock(block(7));
    made.chunk(lines({ k: "a" }, { k: "a", ask: "throw" }, { k: "a", ask: "reject" }, { k: "a", ask: "columns" }, "{"));
    const report = made.endBlock();
    assert.deepEqual(report.rejected, { asked: 1, "invalid-json": 1, "invalid-key": 1, "map-threw": 1 });
    assert.deepEqual([report.records, report.verdict], [5, "counted"]);
    assert.deepEqual(pairs(), [["p\ta", "1"]]);
    const first = JSON.parse(log[0] ?? "") as Record<string, unknown>;
    assert.deepEqual(
      [first["rejected"], first["block"], first["ordinal"], first["offset"]],
      ["map-threw", "block-7", 1, 10],
    );
  });

  it("says how emit is called to who calls it otherwise", () => {
    for (const [key, got] of [
      ["x", "a string"],
      [["x", "y"], "a list of 2 columns"],
      [null, "null"],
      [{}, "an object"],
    ] as const) {
      const wrong = load<number>({
        name: "wrong",
        key: ["k"],
        map: (_record, emit) => emit(key as unknown as string[], 1),
        merge: (a, b) => a + b,
      });
      const { made } = execution(wrong);
      made.beginBlock(block(0));
      made.chunk(lines("1"));
      const { firstRejection = "" } = made.endBlock();
      assert.ok(
        firstRejection.endsWith(`emit takes a list of 1 column, such as emit(["x"], 1); got ${got}`),
        firstRejection,
      );
    }
  });

  it("says of a block of bad records that none was accepted, and of an empty one that it counts", () => {
    const { made, pairs } = execution();
    made.beginBlock(block(0));
    made.chunk(lines("{", "}"));
    const report = made.endBlock();
    assert.equal(report.verdict, "no-record-accepted");
    assert.match(report.firstRejection ?? "", /^record 0 at byte 0: invalid-json: /);
    made.beginBlock(block(1));
    assert.equal(made.endBlock().verdict, "counted");
    assert.deepEqual(pairs(), []);
  });

  it("strikes a block with more rejected records than are tolerated", () => {
    const strict = load<number>({
      name: "strict",
      key: ["k"],
      map: countingMap,
      rejectedPerBlockMax: 1,
      merge: (a, b) => a + b,
    });
    const { made } = execution(strict);
    made.beginBlock(block(3));
    made.chunk(lines({ k: "a" }, "{", "{"));
    assert.throws(
      () => made.endBlock(),
      (error) => error instanceof Struck && error.fault.block === 3 && error.fault.cause === "bad-input",
    );
  });

  it("bounds log lines of a block, and counts all the same", () => {
    const { made, log } = execution();
    made.beginBlock(block(0));
    made.chunk(lines(...Array.from({ length: 100 }, () => "{")));
    assert.deepEqual(made.endBlock().rejected, { "invalid-json": 100 });
    assert.equal(log.length, 20);
  });

  it("ends at a throw of add that rejects nothing, and goes on without that record", () => {
    const adding = load<number>({
      name: "adding",
      key: ["k"],
      accumulator() {
        let sum = 0;
        return {
          add(record) {
            const value = record.json() as number;
            if (value < 0) throw Object.assign(new Error("negative"), { name: "InvalidRecord", reason: "negative" });
            sum += value;
            if (value === 13) throw new Error("half done");
          },
          bytes: () => 8,
          *drain() {
            yield [["sum"], sum] as const;
            sum = 0;
          },
        };
      },
      merge: (a, b) => a + b,
    });
    const first = execution(adding).made;
    first.beginBlock(block(2));
    assert.throws(
      () => first.chunk(lines(1, -1, 13, 5)),
      (error) =>
        error instanceof Struck && error.fault.block === 2 && error.fault.ordinal === 2 && error.fault.cause === "code",
    );
    const { made, pairs } = execution(adding, { leftOut: [{ block: 2, ordinal: 2, message: "half done" }] });
    made.beginBlock(block(2));
    made.chunk(lines(1, -1, 13, 5));
    assert.deepEqual(made.endBlock().rejected, { "add-threw": 1, negative: 1 });
    assert.deepEqual(pairs(), [["p\tsum", "6"]]);
  });

  it("names the block when merge throws while records come in, and no block when draining throws", () => {
    const throwing = load<number>({
      name: "throwing",
      key: ["k"],
      map: countingMap,
      merge() {
        throw new Error("no merge");
      },
    });
    const { made } = execution(throwing);
    made.beginBlock(block(1));
    assert.throws(
      () => made.chunk(lines({ k: "a" }, { k: "a" })),
      (error) => error instanceof Struck && error.fault.block === 1 && error.fault.reason === "merge-threw",
    );
    const unencodable = load<number>({
      name: "unencodable",
      key: ["k"],
      map: (_record, emit) => emit(["a"], 2 ** 60),
      merge: (a) => a,
    });
    const other = execution(unencodable);
    other.made.beginBlock(block(0));
    other.made.chunk(lines({}));
    other.made.endBlock();
    assert.throws(
      other.pairs,
      (error) => error instanceof Struck && error.fault.block === undefined && error.fault.cause === "code",
    );
  });

  it("measures the state when its estimate passes the limit", () => {
    const lists = load<number[]>({
      name: "largest",
      key: ["k"],
      map: (record, emit) => emit(["one"], record.json() as number[]),
      merge: (a, b) => (a.length >= b.length ? a : b),
    });
    const { made } = execution(lists, { checkpointStateBytes: 10_000 });
    made.beginBlock(block(0));
    // Each list is small and replaces the one before: the estimate grows, the state does not.
    made.chunk(lines(...Array.from({ length: 500 }, () => [1, 2, 3])));
    assert.ok(made.stateBytes() < 1_000, String(made.stateBytes()));
  });
});
