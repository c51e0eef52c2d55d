/** What only `.lzma` has: a size that may be known or not, an end marker that may be there or not, no checksum. */
import assert from "node:assert/strict";
import { dictionaryBytesMax } from "../../../shared/codecs/lzma-part.ts";
import { assertCorrupt, assertDecodes, logText, lzmaOf, noise, streamed, whole, xzOf } from "./material.ts";

function withSize(block: Buffer, size: bigint): Buffer {
  const copy = Buffer.from(block);
  copy.writeBigUInt64LE(size, 5);
  return copy;
}

/** The first chunk of an `.xz` block is an LZMA stream without end marker: with a header in front it is such a `.lzma`. */
async function withoutMarker(bytes: Buffer): Promise<Buffer> {
  const xz = await xzOf(bytes);
  const chunk = 12 + ((xz[12] ?? 0) + 1) * 4;
  assert.ok((xz[chunk] ?? 0) >= 0xe0);
  const size = (((xz[chunk] ?? 0) & 0x1f) << 16) + xz.readUInt16BE(chunk + 1) + 1;
  assert.equal(size, bytes.length, "the data fits one chunk");
  const header = Buffer.alloc(13);
  header[0] = xz[chunk + 5] ?? 0;
  header.writeUInt32LE(1024 * 1024, 1);
  header.writeBigUInt64LE(BigInt(size), 5);
  return Buffer.concat([header, xz.subarray(chunk + 6, chunk + 6 + xz.readUInt16BE(chunk + 3) + 1)]);
}

describe(".lzma", () => {
  const bytes = logText(100_000);

  it("may end by a marker, by its size, or by both", async () => {
    const marked = await lzmaOf(bytes);
    assert.equal(marked.readBigUInt64LE(5), 2n ** 64n - 1n);
    await assertDecodes("a.lzma", marked, bytes);
    await assertDecodes("a.lzma", withSize(marked, BigInt(bytes.length)), bytes, [1000]);
    await assertDecodes("a.lzma", await withoutMarker(bytes), bytes, [1000]);
    for (const size of [40, 41, 300, 9_999]) {
      const small = Buffer.alloc(size, "abcabc\n");
      await assertDecodes("a.lzma", await withoutMarker(small), small, [1]);
    }
  });

  it("is refused without its last byte, or with one more, when nothing but its size ends it", async () => {
    const block = await withoutMarker(bytes.subarray(0, 2_000));
    for (let end = 0; end < block.length; end++)
      assert.throws(() => whole("a.lzma", block.subarray(0, end)), { code: "corrupt" });
    for (const tail of [[0], [1], [0, 0, 0, 0]])
      await assertCorrupt("a.lzma", Buffer.concat([block, Buffer.from(tail)]));
  });

  it("is refused when the size in its header lies", async () => {
    const marked = await lzmaOf(bytes);
    const unmarked = await withoutMarker(bytes);
    for (const block of [marked, unmarked]) {
      for (const size of [0, 1, bytes.length - 1, bytes.length + 1, 2 * bytes.length, 2 ** 40]) {
        await assertCorrupt("a.lzma", withSize(block, BigInt(size)));
      }
    }
    await assertCorrupt("a.lzma", withSize(unmarked, 2n ** 64n - 1n));
  });

  it("may be two presets of one file, but not two files in one", async () => {
    const block = await lzmaOf(bytes);
    await assertDecodes("a.lzma", await lzmaOf(bytes, 9), bytes);
    await assertCorrupt("a.lzma", Buffer.concat([block, block]), /goes on after its end/);
  });

  it("reads matches at all distances that its dictionary allows, around the window's end", async () => {
    // Equal parts, far apart in windows of 1 MiB (256 KiB at preset 0); then again, past the wrap.
    const half = noise(600_000);
    const far = Buffer.concat([half, half, logText(500_000), half.subarray(0, 100_000), half]);
    for (const preset of [0, 1]) {
      const block = await lzmaOf(far, preset);
      await assertDecodes("a.lzma", block, far, [50_000]);
    }
  });

  it("is refused when it wants more memory than we give, and not when its size needs less", async () => {
    const block = await lzmaOf(bytes);
    const greedy = Buffer.from(block);
    greedy.writeUInt32LE(dictionaryBytesMax + 1, 1);
    await assertCorrupt("a.lzma", greedy, /dictionary of 67108865 bytes/);
    greedy.writeUInt32LE(0xffff_ffff, 1);
    await assertCorrupt("a.lzma", greedy, /dictionary/);
    await assertDecodes("a.lzma", withSize(greedy, BigInt(bytes.length)), bytes);
  });

  it("may have a dictionary of any size below the bound, and is refused when it reaches back further", async () => {
    const bytes = Buffer.concat([noise(9_000), noise(9_000)]);
    const small = await lzmaOf(bytes);
    for (const dictionary of [9_000, 9_001, 12_288, 16_384, dictionaryBytesMax - 1, dictionaryBytesMax]) {
      small.writeUInt32LE(dictionary, 1);
      await assertDecodes("a.lzma", small, bytes, [1_000]);
    }
    small.writeUInt32LE(4_096, 1);
    await assertCorrupt("a.lzma", small, /is damaged/);
  });

  it("is refused when its first symbol repeats what was not there", async () => {
    // Bits 1, 1, 0, 0 of even odds: a match, repeated, of the last distance, one byte.
    const header = [0x5d, 0, 0, 1, 0, ...Array<number>(8).fill(0xff)];
    const block = Buffer.from([...header, 0, 0xc8, 0, 0, 0, ...Array<number>(40).fill(0)]);
    await assertCorrupt("a.lzma", block, /is damaged/);
  });

  it("is refused when its properties do not exist or its first byte is not zero", async () => {
    const block = await lzmaOf(bytes);
    for (const [at, value] of [
      [0, 225],
      [0, 255],
      [13, 1],
    ] as const) {
      const wrong = Buffer.from(block);
      wrong[at] = value;
      await assertCorrupt("a.lzma", wrong);
    }
  });

  it("is handed on in pieces that stay as they were", async () => {
    const data = logText(3_000_000);
    assert.ok((await streamed("a.lzma", await lzmaOf(data))).equals(data));
  });
});
