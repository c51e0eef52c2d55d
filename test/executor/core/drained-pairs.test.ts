/** That pairs which are drained as bytes are what the plain way writes, and that nothing else gets through. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { DrainedPairs } from "../../../executor/core/drained-pairs.ts";
import { Execution } from "../../../executor/core/execution.ts";
import type { PairWriter } from "../../../executor/core/execution.ts";
import { Struck } from "../../../executor/core/faults.ts";
import { RunWriter } from "../../../executor/core/runs.ts";
import type { Accumulator, EncodedPairs } from "../../../jobs/analysis.ts";
import { decodeKey, encodeKey } from "../../../shared/segment/key.ts";
import { sortTexts } from "../../../shared/segment/order.ts";
import { MemoryScratch, Pairs, block, lines, load } from "./fixtures.ts";

const COLUMNS = 2;

function add(pairs: EncodedPairs, key: string | Uint8Array, value: string | Uint8Array): void {
  const keyBytes = Buffer.from(key);
  // Not at the beginning of its bytes, nor at their end.
  const valueBytes = Buffer.concat([Buffer.from("\n"), Buffer.from(value), Buffer.from("\t")]);
  pairs.add(Buffer.concat([keyBytes, Buffer.from("\n")]), keyBytes.length, valueBytes, 1, valueBytes.length - 1);
}

/** An execution whose accumulator drains by `drainEncoded`, or, as the plain way, by `drain`. */
function execution(members: Partial<Accumulator<string>>, columns = COLUMNS): Execution {
  const accumulator = { add: () => undefined, bytes: () => 0, drain: () => [], ...members };
  const made = new Execution({
    loaded: load<string>({
      name: "drains",
      key: ["a", "b", "c", "d"].slice(0, columns),
      accumulator: () => accumulator,
      merge: (a) => a,
      encode: (value) => value,
      decode: (text) => text,
    }),
    records: "ndjson",
    leftOut: [],
    log: () => undefined,
    overwrite: false,
    checkpointStateBytes: 1_000_000,
  });
  made.beginBlock(block(0, "20\\26"));
  made.chunk(lines("{}"));
  made.endBlock();
  return made;
}

const column = fc.oneof(
  fc.constantFrom("", "a", "ab", "abc", "a\tb", "a\\", "\n", "\x7f", "é", "\u{1f600}", "\uffee"),
  fc.string({ maxLength: 6 }),
);
const value = fc
  .oneof(fc.constantFrom("", "1", "é", "x".repeat(5000)), fc.string({ maxLength: 9 }))
  .map((text) => text.replaceAll(/[\t\n]/g, " "));
const state = fc.array(fc.tuple(fc.array(column, { minLength: COLUMNS, maxLength: COLUMNS }), value), {
  maxLength: 20,
});

describe("pairs drained as bytes", () => {
  it("make the run that the plain way makes, to the byte", () => {
    fc.assert(
      fc.property(state, (entries) => {
        const byKey = new Map(entries.map(([key, value]) => [encodeKey(key), { key, value }]));
        const sorted = sortTexts(byKey.keys()).map((text) => [text, byKey.get(text)] as const);
        const runOf = (members: Partial<Accumulator<string>>): unknown => {
          const scratch = new MemoryScratch();
          const shape = { columns: COLUMNS, publishBy: 1, scratch, beat: () => undefined };
          const writer = new RunWriter("r", shape);
          execution(members).drain(writer);
          return { run: writer.finish(), bytes: scratch.files.get("r") };
        };
        const plain = runOf({ drain: () => sorted.map(([, pair]) => [pair?.key ?? [], pair?.value ?? ""] as const) });
        const fast = runOf({
          drain: () => assert.fail("drain is not called"),
          drainEncoded: (pairs) => {
            for (const [text, pair] of sorted) add(pairs, text, pair?.value ?? "");
          },
        });
        assert.deepEqual(fast, plain);
      }),
    );
  });

  it("are refused when the key is none that encodeKey writes, whatever came before", () => {
    const key = fc.oneof(
      fc.array(column, { minLength: 1, maxLength: 4 }).map((columns) => Buffer.from(encodeKey(columns))),
      fc
        .array(fc.constantFrom(0x61, 0x62, 0x5c, 0x74, 0x09, 0x09, 0x0a, 0x7f, 0x00, 0xc3, 0xa9), { maxLength: 6 })
        .map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 12 }), (keys) => {
        const list: string[] = [];
        const writer = {
          addFrom: (entry: { keyBytes: Uint8Array; keyEnd: number }) =>
            void list.push(Buffer.from(entry.keyBytes.subarray(0, entry.keyEnd)).toString("hex")),
        };
        const pairs = new DrainedPairs("p", COLUMNS, writer);
        const isRight = (bytes: Uint8Array): boolean => {
          try {
            return decodeKey(bytes).length === COLUMNS;
          } catch {
            return false;
          }
        };
        const wrong = keys.findIndex((bytes) => !isRight(bytes));
        for (const [i, bytes] of keys.entries()) {
          // From the first refusal on nothing is taken.
          if (wrong < 0 || i < wrong) add(pairs, bytes, "1");
          else assert.throws(() => add(pairs, bytes, "1"));
        }
        assert.deepEqual(
          list,
          keys
            .slice(0, wrong < 0 ? keys.length : wrong)
            .map((bytes) => Buffer.concat([Buffer.from("p\t"), bytes]).toString("hex")),
        );
      }),
    );
  });

  const drained = (drainEncoded: (pairs: EncodedPairs) => void, writer: PairWriter = new Pairs()): Struck => {
    try {
      execution({ drainEncoded }).drain(writer);
    } catch (error) {
      if (error instanceof Struck) return error;
    }
    return assert.fail("it was not refused");
  };

  it("are refused when the value is no line of UTF-8, or lies elsewhere", () => {
    for (const value of ["a\tb", "\n", Buffer.from([0x31, 0xff])]) {
      const { fault } = drained((pairs) => add(pairs, "a\tb", value));
      assert.deepEqual([fault.cause, fault.reason, fault.block], ["code", "drain-threw", undefined]);
      assert.match(fault.message, /draining threw at the key "a\\tb": .*(?:TAB or LF|UTF-8)/);
    }
    const bytes = Buffer.from("a\tb1");
    for (const [keyEnd, start, end] of [
      [9, 0, 1],
      [3, 3, 5],
      [3, 2, 1],
      [3, -1, 1],
      [3, 0.5, 1],
    ] as const) {
      assert.match(drained((pairs) => pairs.add(bytes, keyEnd, bytes, start, end)).fault.message, /lie in its bytes/);
    }
    assert.match(drained((pairs) => add(pairs, `${"a".repeat(5000)}\tb`, "1")).fault.message, /4096/);
  });

  it("are refused out of order, and after the drain", () => {
    const shape = { columns: COLUMNS, publishBy: 0, scratch: new MemoryScratch(), beat: () => undefined };
    const twice = (pairs: EncodedPairs): void => {
      add(pairs, "a\tb", "1");
      add(pairs, "a\tb", "1");
    };
    assert.match(drained(twice, new RunWriter("r", shape)).fault.message, /at the key "a\\tb".*not above/);
    let kept: EncodedPairs | undefined;
    execution({ drainEncoded: (pairs) => void (kept = pairs) }).drain(new Pairs());
    assert.throws(() => kept?.add(Buffer.from("a\tb1"), 3, Buffer.from("1"), 0, 1), /after draining ended/);
  });

  it("are not lost by who catches what their refusal throws", () => {
    const swallowed = (pairs: EncodedPairs): void => {
      for (const key of ["a\tb", "c\td", "b\td", "e\tf"]) {
        try {
          add(pairs, key, "1");
        } catch {
          // "One pair more or less."
        }
      }
    };
    const shape = { columns: COLUMNS, publishBy: 0, scratch: new MemoryScratch(), beat: () => undefined };
    assert.match(drained(swallowed, new RunWriter("r", shape)).fault.message, /not above/);
  });

  it("make no run with a hole where the disk was full for a moment", () => {
    const scratch = new MemoryScratch();
    const create = scratch.create.bind(scratch);
    let writes = 0;
    scratch.create = (name) => {
      const file = create(name);
      const write = (bytes: Uint8Array): void => {
        if (++writes === 2) throw new Struck({ cause: "environment", reason: "disk-full", message: "full" });
        file.write(bytes);
      };
      return { ...file, write };
    };
    const writer = new RunWriter("r", { columns: COLUMNS, publishBy: 0, scratch, beat: () => undefined });
    const made = execution({
      drainEncoded(pairs) {
        for (let i = 0; i < 3_000; i++) {
          try {
            add(pairs, `${String(i).padStart(6, "0")}\tb`, `${i}${"x".repeat(900)}`);
          } catch {
            // "It may go on."
          }
        }
      },
    });
    assert.throws(
      () => made.drain(writer),
      (error) => error instanceof Struck && error.fault.cause === "environment",
    );
    assert.throws(() => writer.finish(), /could not be written/);
  });

  it("are not drained by who has only begun to", () => {
    // Types let an async function pass where nothing is expected.
    const drainEncoded = async (pairs: EncodedPairs): Promise<void> => {
      add(pairs, "a\tb", "1");
      await Promise.resolve();
    };
    const { fault } = drained((pairs) => drainEncoded(pairs) as unknown as undefined);
    assert.match(fault.message, /`drainEncoded` must not be async/);
  });
});
