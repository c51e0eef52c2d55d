import assert from "node:assert/strict";
import type { RecordView } from "../../../jobs/analysis.ts";
import { createSplitter } from "../../../shared/records/index.ts";

const block = { key: "a/b.lzma", dimensions: { channel: "nightly" } };

const rejected = (): never => assert.fail("rejected");

function each(format: string, text: string | Buffer, look: (record: RecordView) => void, overwrite = false): void {
  const splitter = createSplitter(format, { block, record: look, rejected, overwrite });
  splitter.push(Buffer.from(text));
  splitter.end();
}

/** What `json()` throws on one line. */
function fault(line: string | Buffer): Error & { reason?: unknown } {
  let thrown: unknown;
  each("ndjson", line, (record) => {
    try {
      record.json();
    } catch (error) {
      thrown = error;
    }
  });
  assert.ok(thrown instanceof Error);
  return thrown;
}

describe("a record's view", () => {
  it("is one object for all records, and shows the block", () => {
    const seen = new Set<unknown>();
    each("text", "a\nb\nc\n", (record) => {
      seen.add(record);
      assert.deepEqual(record.block, block);
    });
    assert.equal(seen.size, 1);
  });

  it("has id, text, JSON and fields", () => {
    each("telemetry", 'id-1\t{"n":1,"s":"\u00e9\\u00e9"}\n', (record) => {
      assert.equal(record.id, "id-1");
      assert.deepEqual(record.json(), { n: 1, s: "\u00e9\u00e9" });
      assert.equal(record.json(), record.json());
      assert.deepEqual(record.fields(), ["id-1", '{"n":1,"s":"\u00e9\\u00e9"}']);
      assert.equal(Buffer.from(record.bytes).toString(), record.text());
    });
    each("telemetry", "\t1\n", (record) =>
      assert.deepEqual([record.id, record.fields(), record.json()], ["", ["", "1"], 1]),
    );
    each("ndjson", "[1]\r\n", (record) =>
      assert.deepEqual([record.id, record.fields(), record.json()], ["", ["[1]"], [1]]),
    );
    each("text", "a\tb\r\n", (record) => assert.deepEqual([record.id, record.fields()], ["", ["a\tb"]]));
  });

  it("forgets one record's text and JSON for the next", () => {
    const values: unknown[] = [];
    each("ndjson", '{"a":1}\n"two"\nnull\n3\n', (record) => values.push(record.json(), record.text()));
    assert.deepEqual(values, [{ a: 1 }, '{"a":1}', "two", '"two"', null, "null", 3, "3"]);
  });

  it("passes JSON that is no object, and numbers as JSON.parse gives them", () => {
    each("ndjson", "9007199254740993", (record) => assert.equal(record.json(), 9007199254740992));
    each("ndjson", "-0.0", (record) => assert.ok(Object.is(record.json(), -0)));
  });

  it("throws InvalidRecord on what is not JSON, in few words", () => {
    for (const line of [
      "{",
      "{'a':1}",
      '{"a":1}}',
      "nul",
      " ",
      `{"a":"${"x".repeat(100_000)}`,
      `{"a":${"secret ".repeat(9999)}}`,
    ]) {
      const error = fault(line);
      assert.equal(error.name, "InvalidRecord");
      assert.equal(error.reason, "invalid-json");
      assert.ok(error.message.length <= 160, error.message);
      assert.ok(error.message.length > 10);
    }
  });

  it("replaces bytes that are not UTF-8", () => {
    const line = Buffer.concat([Buffer.from('"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"')]);
    each("ndjson", line, (record) => {
      assert.equal(record.json(), "\ufffd(\ufffd");
      assert.equal(record.bytes.length, 5);
    });
  });

  it("overwrites bytes after the callback in check mode, and never the caller's piece", () => {
    const kept: Uint8Array[] = [];
    const ids: string[] = [];
    const piece = Buffer.from("1\tone\n2\ttwo\n3\tthree");
    const options = { block, record: (record: RecordView) => void ids.push(`${record.id}${kept.push(record.bytes)}`) };
    const splitter = createSplitter("telemetry", { ...options, rejected: () => undefined, overwrite: true });
    splitter.push(piece);
    splitter.end();
    assert.deepEqual(ids, ["11", "22", "33"]);
    assert.deepEqual(
      kept.map((bytes) => bytes.length),
      [3, 3, 5],
    );
    for (const bytes of kept) assert.ok(bytes.every((byte) => byte === 0xdb));
    assert.equal(piece.toString(), "1\tone\n2\ttwo\n3\tthree");
  });
});
