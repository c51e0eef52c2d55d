import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { RecordView } from "../../../jobs/analysis.ts";
import { createSplitter, recordBytesMax, recordFormat, type RejectedLine } from "../../../shared/records/index.ts";
import { heldBufferBytes } from "../../support/held-memory.ts";

const block = { key: "a/b.lzma", dimensions: { channel: "nightly" } };

interface Seen {
  readonly id: string;
  readonly text: string;
  readonly ordinal: number;
  readonly offset: number;
}
interface Split {
  readonly records: Seen[];
  readonly rejected: RejectedLine[];
  readonly count: number;
}

function split(format: string, pieces: Iterable<Uint8Array>, overwrite = false): Split {
  const records: Seen[] = [];
  const rejected: RejectedLine[] = [];
  const splitter = createSplitter(format, {
    block,
    // Typed as analyses see it: the view must be one.
    record: (view: RecordView) => {
      const text = Buffer.from(view.bytes).toString();
      assert.equal(view.text(), text);
      records.push({ id: view.id, text, ordinal: view.ordinal, offset: view.offset });
    },
    rejected: (line) => rejected.push(line),
    overwrite,
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return { records, rejected, count: splitter.records };
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const piece = Uint8Array.from(bytes.subarray(at, at + (sizes[n % sizes.length] ?? 1)));
    at += piece.length;
    yield piece;
    piece.fill(0xaa);
  }
}

const utf8 = (part: string): string => Buffer.from(part, "latin1").toString();

/** What the formats' definitions say, in the plainest way. */
function naive(format: string, bytes: Buffer): Split {
  const records: Seen[] = [];
  const rejected: RejectedLine[] = [];
  let offset = 0;
  let ordinal = 0;
  const lines = bytes.toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    if (format === "telemetry") {
      const tab = line.indexOf("\t");
      if (tab < 0)
        rejected.push({ reason: "no-tab", ordinal, offset, message: "the line has no tab between id and JSON" });
      else records.push({ id: utf8(line.slice(0, tab)), text: utf8(line.slice(tab + 1)), ordinal, offset });
      ordinal += 1;
    } else {
      const content = line.replace(/\r$/, "");
      if (format === "text" || content !== "") {
        records.push({ id: "", text: utf8(content), ordinal, offset });
        ordinal += 1;
      }
    }
    offset += line.length + 1;
  }
  return { records, rejected, count: ordinal };
}

const formats = ["telemetry", "ndjson", "text"];
const fragments = [
  "\n",
  "\r\n",
  "\r",
  "\t",
  "id-1\t{}",
  "id-2\t[1,2]\t3",
  "no tab",
  '{"a": "é"}',
  "",
  "\n\n",
  "x".repeat(70),
];

describe("records", () => {
  it("are those of a naive split, in any chunking, in check mode too", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(...fragments).map((text) => Buffer.from(text)),
            fc.uint8Array({ maxLength: 9 }),
          ),
          { maxLength: 30 },
        ),
        fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (parts, sizes, overwrite) => {
          const bytes = Buffer.concat(parts);
          for (const format of formats) {
            const expected = naive(format, bytes);
            assert.deepEqual(split(format, cut(bytes, sizes), overwrite), expected);
            assert.deepEqual(split(format, [bytes], overwrite), expected);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("are the same when cut at every byte", () => {
    const bytes = Buffer.from('id\t{"a":1}\r\n\nsecond\t[]\nno tab\n\r\nlast\t"é"');
    for (const format of formats) {
      const expected = naive(format, bytes);
      for (let at = 0; at <= bytes.length; at++) {
        assert.deepEqual(
          split(format, [bytes.subarray(0, at), bytes.subarray(at)]),
          expected,
          `${format} cut at ${at}`,
        );
      }
    }
  });

  it("need no line end at the end of the block, and an empty block has none", () => {
    for (const format of formats) {
      const withEnd = split(format, [Buffer.from("a\tb\nc\td\n")]);
      assert.deepEqual(split(format, [Buffer.from("a\tb\nc\td")]), withEnd);
      assert.equal(withEnd.records.length, 2);
      assert.deepEqual(split(format, []), { records: [], rejected: [], count: 0 });
      assert.deepEqual(split(format, [Buffer.alloc(0)]), { records: [], rejected: [], count: 0 });
    }
  });

  it("are at most 32 MiB long: a longer line is rejected without being held, and what follows goes on", () => {
    assert.equal(recordBytesMax, 32 * 1024 * 1024);
    const mebibyte = Buffer.alloc(1024 * 1024, "x");
    const begin = Buffer.from("id\t");
    const tail = Buffer.from("\nafter\t{}\n");
    function* line(bytes: number): Generator<Uint8Array> {
      yield Buffer.concat([Buffer.from("before\t1\n"), begin]);
      for (let left = bytes - begin.length; left > 0; left -= mebibyte.length) yield mebibyte.subarray(0, left);
      yield tail;
    }
    const fits = split("telemetry", line(recordBytesMax));
    assert.deepEqual([fits.records.length, fits.rejected.length], [3, 0]);
    assert.equal(fits.records[1]?.text.length, recordBytesMax - begin.length);

    const before = heldBufferBytes();
    for (const bytes of [recordBytesMax + 1, 8 * recordBytesMax]) {
      const started = performance.now();
      const long = split("telemetry", line(bytes));
      assert.deepEqual(
        long.records.map(({ id, ordinal, offset }) => ({ id, ordinal, offset })),
        [
          { id: "before", ordinal: 0, offset: 0 },
          { id: "after", ordinal: 2, offset: 9 + bytes + 1 },
        ],
      );
      const message = `the line has ${bytes} bytes, a record at most ${recordBytesMax}`;
      assert.deepEqual(long.rejected, [{ reason: "line-too-long", ordinal: 1, offset: 9, message }]);
      assert.ok(performance.now() - started < 5_000);
    }
    assert.ok(heldBufferBytes() - before < 3 * recordBytesMax);
    const inOnePiece = Buffer.concat([...line(recordBytesMax + 1)]);
    assert.equal(split("telemetry", [inOnePiece]).rejected[0]?.reason, "line-too-long");
    const unended = split("text", [Buffer.alloc(recordBytesMax + 7, "x")]);
    assert.match(unended.rejected[0]?.message ?? "", /33554439 bytes/);
  });

  it("give back the memory of a long record", () => {
    const piece = Buffer.alloc(1024 * 1024, "x");
    const splitter = createSplitter("text", { block, record: () => undefined, rejected: () => undefined });
    const before = heldBufferBytes();
    for (let n = 0; n < 20; n++) splitter.push(piece);
    assert.ok(heldBufferBytes() - before >= 20 * piece.length);
    splitter.push(Buffer.from("a\nb"));
    assert.ok(heldBufferBytes() - before < 2 * piece.length);
    for (let n = 0; n < 40; n++) splitter.push(piece);
    assert.ok(heldBufferBytes() - before < 2 * piece.length, "nothing of a line that is too long is held");
    assert.equal(splitter.records, 1);
    splitter.end();
    assert.equal(splitter.records, 2);
  });

  it("are told by name, and an unknown format names the known ones", () => {
    for (const name of formats) assert.equal(recordFormat(name).name, name);
    assert.throws(() => recordFormat("csv"), {
      code: "invalid-config",
      hint: "Known record formats: telemetry, ndjson, text.",
    });
  });
});

describe("a byte order mark", () => {
  const mark = Buffer.from("\uFEFF");
  const texts = { telemetry: "a\t{}\nb\t{}\n", ndjson: "{}\n[]\n", text: "x\ny\n" };

  for (const [format, text] of Object.entries(texts)) {
    it(`at the first bytes of a block is none of its content in ${format}, cut anywhere`, () => {
      const plain = split(format, [Buffer.from(text)]);
      for (const overwrite of [false, true]) {
        for (let size = 1; size <= text.length + mark.length; size++) {
          const marked = split(format, cut(Buffer.concat([mark, Buffer.from(text)]), [size]), overwrite);
          const expected = plain.records.map((record, i) =>
            i === 0 ? record : { ...record, offset: record.offset + 3 },
          );
          assert.deepEqual(marked, { ...plain, records: expected }, `in pieces of ${size}`);
        }
      }
    });
  }

  it("is left where it stands elsewhere, and taken once", () => {
    const { records } = split("text", [Buffer.concat([mark, mark, Buffer.from("x\n"), mark, Buffer.from("y")])]);
    assert.deepEqual(
      records.map(({ text }) => text),
      ["\uFEFFx", "\uFEFFy"],
    );
    assert.deepEqual(split("text", [Buffer.from("x\n"), mark, Buffer.from("y")]).records[1]?.text, "\uFEFFy");
    assert.equal(split("text", [mark.subarray(0, 2)]).count, 1);
  });

  it("alone is an empty block, and before an end of line an empty line", () => {
    for (const format of formats) {
      for (const size of [1, 3]) assert.equal(split(format, cut(mark, [size])).count, 0, format);
    }
    const { records } = split("text", [mark, Buffer.from("\n")]);
    assert.deepEqual(
      records.map(({ text }) => text),
      [""],
    );
  });
});
