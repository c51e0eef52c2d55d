/** Small blocks decoded in one go, and their frames gathered: the same bytes, verdicts and order as of blocks that are streamed. */
import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  array,
  assert as assertProperty,
  asyncProperty,
  constantFrom,
  integer,
  nat,
  option,
  record,
  string,
} from "fast-check";
import { readBlock } from "../../../executor/children/block-source.ts";
import type { SourceBlock } from "../../../executor/children/block-source.ts";
import { frameDone, frameHead, readFrames } from "../../../executor/children/frames.ts";
import { Lends, lendsMax } from "../../../executor/children/lends.ts";
import { PendingFrames } from "../../../executor/children/pending-frames.ts";
import { decodeSmall, readBelow, readSmall, smallRawBytesMax } from "../../../executor/children/small-blocks.ts";
import { decodeBlock } from "../../../shared/codecs/decode.ts";
import { encodeWhole } from "../../../shared/codecs/encode.ts";
import { messageOf } from "../../../shared/errors.ts";
import type { Lent } from "../../../shared/ports/blob-store.ts";
import { tempDir } from "../../support/temp.ts";

const suffixes = [".lzma", ".xz", ".gz", ".zst", ""];

async function streamed(key: string, bytes: Uint8Array): Promise<Buffer | string> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of decodeBlock(key, asChunks(bytes))) pieces.push(piece);
    return Buffer.concat(pieces);
  } catch (error) {
    return messageOf(error);
  }
}

async function* asChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

function atOnce(key: string, bytes: Uint8Array): Buffer | string | null {
  try {
    const pieces = decodeSmall(key, bytes);
    return pieces === null ? null : Buffer.concat(pieces);
  } catch (error) {
    return messageOf(error);
  }
}

describe("small blocks", () => {
  it("decode in one go to what they decode to piece by piece, damaged ones included", async () => {
    const damage = option(record({ at: nat(), flip: integer({ min: 1, max: 255 }), cut: nat(30) }));
    await assertProperty(
      asyncProperty(constantFrom(...suffixes), string({ maxLength: 2_000 }), damage, async (suffix, text, harm) => {
        const key = `block.ndjson${suffix}`;
        const bytes = Buffer.from(encodeWhole(key, Buffer.from(text)));
        if (harm !== null && bytes.length > 0) {
          const at = harm.at % bytes.length;
          bytes[at] = (bytes[at] as number) ^ harm.flip;
        }
        const given = harm === null ? bytes : bytes.subarray(0, Math.max(0, bytes.length - (harm.cut % 3)));
        assert.deepEqual(atOnce(key, given), await streamed(key, given));
      }),
      { numRuns: 400 },
    );
  });

  it("that become large are left to be decoded piece by piece", () => {
    for (const suffix of suffixes) {
      const key = `block.ndjson${suffix}`;
      const fits = encodeWhole(key, Buffer.alloc(smallRawBytesMax, "x"));
      assert.equal(Buffer.concat(decodeSmall(key, fits) ?? []).length, smallRawBytesMax, suffix);
      assert.equal(decodeSmall(key, encodeWhole(key, Buffer.alloc(smallRawBytesMax + 1, "x"))), null, suffix);
    }
  });

  it("are refused for what `readBlock` refuses, in the same words", async () => {
    const folder = tempDir("small");
    const path = join(folder, "a");
    writeFileSync(path, "12345");
    const { size, mtimeNs } = statSync(path, { bigint: true });
    const right: SourceBlock = { index: 3, key: "a", size: 5, etag: `${size}-${mtimeNs}` };
    assert.equal(Buffer.from(readSmall(right, path)).toString(), "12345");
    const wrong: readonly (readonly [SourceBlock, string])[] = [
      [{ ...right, size: 4 }, path],
      [{ ...right, size: 6 }, path],
      [{ ...right, etag: "5-1" }, path],
      [right, join(folder, "none")],
      [right, folder],
    ];
    for (const [block, file] of wrong) {
      const expected = await faultOf(async () => {
        const lend = async () => ({ kind: "path", path: file }) as const;
        for await (const _ of readBlock(block, lend, () => Promise.reject(new Error("no URL"))));
      });
      const { message: found, ...same } = await faultOf(() => void readSmall(block, file));
      const { message, ...rest } = expected;
      assert.deepEqual(same, rest);
      if (rest.reason !== "EISDIR") assert.equal(found, message);
    }
  });

  it("are read below a folder when they are what was catalogued, and else left to be asked for", () => {
    const folder = tempDir("small");
    mkdirSync(join(folder, "d"));
    writeFileSync(join(folder, "d", "a"), "12345");
    const { size, mtimeNs } = statSync(join(folder, "d", "a"), { bigint: true });
    const right: SourceBlock = { index: 3, key: "d/a", size: 5, etag: `${size}-${mtimeNs}` };
    assert.equal(Buffer.from(readBelow(right, folder) ?? "").toString(), "12345");
    // An etag that is no file's does not tell whether this is the block.
    const others = [{ size: 4 }, { size: 6 }, { etag: "5-1" }, { etag: "abc" }, { key: "d" }, { key: "a" }];
    for (const other of others) assert.equal(readBelow({ ...right, ...other }, folder), null, JSON.stringify(other));
  });
});

async function faultOf(act: () => Promise<void> | void): Promise<{ message: string; reason: string }> {
  try {
    await act();
  } catch (error) {
    return (error as { fault: { message: string; reason: string } }).fault;
  }
  throw new Error("nothing was refused");
}

describe("gathered frames", () => {
  it("are those of each block in order, and the parent is told before they are let go", () => {
    const order: string[] = [];
    const frames = new PendingFrames((blocks) => order.push(`told ${blocks.map(({ block }) => block).join()}`));
    const written: Uint8Array[] = [];
    const blocks = [0, 1, 70_000, 200_000, 1_000_000, 3].map((length, i) => Buffer.alloc(length, 65 + i));
    for (const [i, block] of blocks.entries()) {
      frames.add(i, 1, block.length > 100_000 ? [block.subarray(0, 100_000), block.subarray(100_000)] : [block]);
      if (!frames.isFull) continue;
      for (const part of frames.take()) {
        order.push("written");
        written.push(part);
      }
    }
    written.push(...frames.take(), frameHead(frameDone, 0));
    assert.deepEqual([...frames.take()], []);
    assert.deepEqual(order, ["told 0,1,2,3", "written", "told 4", "written", "told 5"]);
    const stream = Buffer.concat(written);
    const read: Buffer[] = [];
    let at = 0;
    const give = (buffer: Uint8Array): number => {
      const got = Math.min(buffer.length, 9_973, stream.length - at);
      buffer.set(stream.subarray(at, at + got));
      at += got;
      return got;
    };
    readFrames(give, {
      begin: (index) => void (read[index] = Buffer.alloc(0)),
      data: (bytes) => void (read[read.length - 1] = Buffer.concat([read.at(-1) ?? Buffer.alloc(0), bytes])),
      end: (index) => assert.equal(index, read.length - 1),
      fault: () => assert.fail(),
    });
    assert.deepEqual(read, blocks);
  });
});

describe("blocks that are lent", () => {
  const blocks = (count: number, size: number): SourceBlock[] =>
    Array.from({ length: count }, (_, index) => ({ index, key: `k${index}`, size, etag: "e" }));

  it("are asked for once each, small ones many at a time, in order", async () => {
    const asked: (readonly number[])[] = [];
    const given = blocks(500, 1_000);
    const lends: Lends = new Lends(given, (indices) => {
      asked.push(indices);
      for (const block of indices)
        queueMicrotask(() => lends.answer({ block, lent: { kind: "path", path: `p${block}` } }));
    });
    for (const block of given) {
      lends.ahead();
      assert.deepEqual(await lends.lend(block), { kind: "path", path: `p${block.index}` });
    }
    assert.deepEqual(
      asked.flat(),
      given.map(({ index }) => index),
    );
    assert.ok(asked.length < 500 / (lendsMax / 2), String(asked.length));
    assert.ok(asked.every((indices) => indices.length <= lendsMax));
  });

  it("are all lent, once each, whatever their sizes, though the next one is opened before a small one is read", async () => {
    const sizes = array(constantFrom(500, 60_000, 200_000, 700_000, 3_000_000), { maxLength: 200 });
    await assertProperty(
      asyncProperty(sizes, async (drawn) => {
        const given = drawn.map((size, index): SourceBlock => ({ index, key: `k${index}`, size, etag: "e" }));
        const asked: number[] = [];
        const lends: Lends = new Lends(given, (indices) => {
          asked.push(...indices);
          for (const block of indices)
            setImmediate(() => lends.answer({ block, lent: { kind: "path", path: `p${block}` } }));
        });
        const isSmall = (block: SourceBlock | undefined): boolean => block === undefined || block.size <= 64 * 1024;
        const opened = new Map<number, Promise<Lent>>();
        const open = (block: SourceBlock | undefined): void => {
          if (block !== undefined && !isSmall(block)) opened.set(block.index, lends.lend(block));
        };
        open(given[0]);
        for (const block of given) {
          open(given[block.index + 1]);
          if (isSmall(block)) lends.ahead();
          const lent = await (opened.get(block.index) ?? lends.lend(block));
          assert.deepEqual(lent, { kind: "path", path: `p${block.index}` });
        }
        assert.deepEqual(
          asked.toSorted((a, b) => a - b),
          [...given.keys()],
        );
      }),
      { numRuns: 60 },
    );
  });

  it("are asked for one by one when they are large, and anew when they are wanted again", async () => {
    const asked: (readonly number[])[] = [];
    const given = blocks(3, 100e6);
    const lends: Lends = new Lends(given, (indices) => {
      asked.push(indices);
      for (const block of indices) {
        const fault = { cause: "gone", reason: "gone", message: "gone", block } as const;
        queueMicrotask(() =>
          lends.answer(block === 1 ? { block, refused: fault } : { block, lent: { kind: "path", path: "p" } }),
        );
      }
    });
    const [first, second] = given;
    assert.ok(first !== undefined && second !== undefined);
    await lends.lend(first);
    await lends.lend(first);
    await assert.rejects(lends.lend(second), /gone/);
    assert.deepEqual(asked, [[0], [0], [1]]);
  });
});
