import assert from "node:assert/strict";
import * as fc from "fast-check";
import { codecOf, decodeBlock } from "../../../shared/codecs/index.ts";
import { encodeBlock, encodeWhole } from "../../../shared/codecs/encode.ts";
import {
  assertCorrupt,
  assertDecodes,
  blocksOf,
  chunked,
  liblzma,
  logText,
  noise,
  streamed,
  whole,
  xzOf,
} from "./material.ts";
import { heldBufferBytes } from "../../support/held-memory.ts";

const suffixes = [".lzma", ".xz", ".gz", ".zst", ".txt"];

describe("codecs", () => {
  it("are chosen by the key's suffix", () => {
    const names = ["a/b.log.lzma", "b.xz", "c.gz", "d.zst", "e.json", "f.XZ", "xz", "g.gz.part"].map(
      (key) => codecOf(key).name,
    );
    assert.deepEqual(names, ["lzma", "xz", "gzip", "zstd", "plain", "plain", "plain", "plain"]);
  });

  it("decode what other writers wrote, however it is cut", async () => {
    for (const bytes of [logText(0), logText(1), logText(5_000), logText(700_000), noise(200_000)]) {
      for (const [key, block] of await blocksOf(bytes)) {
        await assertDecodes(key, block, bytes, [1, 70_000, 3]);
        await assertDecodes(key, block, bytes, [4096]);
      }
    }
  });

  it("decode the same from single bytes", async () => {
    const bytes = logText(20_000);
    for (const [key, block] of await blocksOf(bytes)) assert.ok((await streamed(key, block, [1])).equals(bytes), key);
  });

  it("decode any bytes that we encode, in any chunking, to the same", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 200 }),
            fc.integer({ min: 1, max: 4000 }).map((n) => logText(n, n)),
          ),
          { maxLength: 8 },
        ),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...suffixes),
        async (parts, sizes, suffix) => {
          const bytes = Buffer.concat(parts);
          const encoded: Uint8Array[] = [];
          for await (const piece of encodeBlock(`a${suffix}`, parts)) encoded.push(piece);
          await assertDecodes(`a${suffix}`, Buffer.concat(encoded), bytes, sizes);
          assert.ok(whole(`a${suffix}`, encodeWhole(`a${suffix}`, bytes)).equals(bytes));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("call an empty block corrupt where the suffix promises a format, and empty where it does not", async () => {
    for (const suffix of suffixes.slice(0, 4)) await assertCorrupt(`a${suffix}`, Buffer.alloc(0), /the file is empty/);
    await assertDecodes("a.txt", Buffer.alloc(0), Buffer.alloc(0));
  });

  it("refuse a block that is cut at any byte", async () => {
    for (const [key, block] of await blocksOf(logText(600))) {
      for (let end = 0; end < block.length; end++) {
        const expected = { code: "corrupt" };
        assert.throws(() => whole(key, block.subarray(0, end)), expected, `${key} cut at ${end} of ${block.length}`);
        if (end % 7 === 0 || end > block.length - 12) {
          await assert.rejects(streamed(key, block.subarray(0, end), [11]), expected, `${key} cut at ${end}, streamed`);
        }
      }
    }
  });

  it("refuse whatever follows the end of a block", async () => {
    for (const [key, block] of await blocksOf(logText(3_000))) {
      for (const tail of [
        Buffer.from([0]),
        Buffer.from("x"),
        Buffer.from("goes on here, longer than a symbol"),
        Buffer.alloc(3),
      ]) {
        await assertCorrupt(key, Buffer.concat([block, tail]));
      }
    }
  });

  it("say which block, what is wrong, and where", async () => {
    const [[, xz]] = [...(await blocksOf(logText(3_000)))].slice(1) as [[string, Buffer]];
    xz[xz.length - 15] = (xz.at(-15) ?? 0) ^ 1;
    assert.throws(
      () => whole("some/block.xz", xz),
      (error: Error & { context: { key: string; at: number } }) => {
        assert.match(error.message, /^the xz block is damaged \(at byte \d+\)$/);
        assert.equal(error.context.key, "some/block.xz");
        assert.ok(error.context.at >= xz.length - 16 && error.context.at <= xz.length - 12, `${error.context.at}`);
        return true;
      },
    );
  });

  it("let errors of the source pass, and close it when the reader stops", async () => {
    let closed = 0;
    const failing = async function* (block: Buffer, fails: boolean): AsyncGenerator<Uint8Array> {
      try {
        yield* chunked(block, [1000]);
        if (fails) throw new RangeError("the line was cut");
        yield Buffer.alloc(1);
      } finally {
        closed += 1;
      }
    };
    for (const [key, block] of await blocksOf(noise(300_000))) {
      const cut = decodeBlock(key, failing(block.subarray(0, 9_000), true));
      await assert.rejects(async () => {
        for await (const piece of cut) assert.ok(piece.length > 0);
      }, RangeError);
      for await (const piece of decodeBlock(key, failing(block, false))) {
        assert.ok(piece.length > 0);
        break;
      }
    }
    assert.equal(closed, 8);
  });

  it("ask for input only as output is taken: a bomb stays small in memory", async () => {
    const zeros = 160 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024);
    const source = function* (): Generator<Uint8Array> {
      for (let sent = 0; sent < zeros; sent += piece.length) yield piece;
    };
    for (const key of ["a.gz", "a.zst"]) {
      const block: Uint8Array[] = [];
      for await (const part of encodeBlock(key, source())) block.push(part);
      const before = heldBufferBytes();
      let bytes = 0;
      let most = 0;
      for await (const decoded of decodeBlock(key, chunked(Buffer.concat(block), [65536]))) {
        bytes += decoded.length;
        // Now and then: looking costs more than decoding.
        if (bytes % (8 * 1024 * 1024) < decoded.length) most = Math.max(most, heldBufferBytes() - before);
      }
      assert.equal(bytes, zeros);
      assert.ok(most < 48 * 1024 * 1024, `${key}: ${most} bytes`);
    }
  });
});

describe("blocks that we write", () => {
  it("are read by liblzma", async () => {
    const bytes = logText(300_000);
    for (const key of ["a.lzma", "a.xz"]) {
      const parts: Uint8Array[] = [];
      for await (const part of encodeBlock(key, chunked(bytes, [1, 10_000]))) parts.push(part);
      assert.ok((await liblzma.decompress(Buffer.concat(parts))).equals(bytes), key);
      assert.ok((await liblzma.decompress(Buffer.from(encodeWhole(key, bytes)))).equals(bytes), key);
    }
    assert.ok((await xzOf(bytes)).length > 0);
  });
});
