/** What only `.zst` has: frames, some of them skippable, sizes that may be declared, windows. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { needs } from "../../support/requirements.ts";
import { assertCorrupt, assertDecodes, streamed, logText, noise, zstOf } from "./material.ts";

function skippable(bytes: Buffer, magic = 0x184d2a50): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

describe(".zst", () => {
  const bytes = logText(60_000);
  const large = Buffer.concat([logText(1_500_000), noise(500_000), Buffer.alloc(2_000_000)]);

  it("may be several frames, large and small, with skippable ones anywhere", async () => {
    const parts = [bytes, large, Buffer.alloc(0), logText(5, 2), large];
    const frames = parts.map((part, n) => zstOf(part, n % 2 === 0));
    await assertDecodes("a.zst", Buffer.concat(frames), Buffer.concat(parts), [100_000]);
    const between = frames.flatMap((frame, n) => [skippable(noise(n * 50_000), 0x184d2a50 + n), frame]);
    await assertDecodes(
      "a.zst",
      Buffer.concat([...between, skippable(Buffer.alloc(0))]),
      Buffer.concat(parts),
      [1, 70_000],
    );
    await assertDecodes("a.zst", skippable(bytes), Buffer.alloc(0), [1000]);
  });

  it("is refused when its checksum fails, in a frame of any size", async () => {
    for (const part of [bytes, large]) {
      const wrong = zstOf(part);
      wrong[wrong.length - 2] = (wrong.at(-2) ?? 0) ^ 4;
      await assertCorrupt("a.zst", wrong, /checksum/);
      await assertCorrupt("a.zst", Buffer.concat([wrong, zstOf(bytes)]), /checksum/);
    }
  });

  it("is refused when a frame or a skippable one is cut, or no frame follows", async () => {
    const frame = zstOf(large);
    for (const cut of [1, 4, 5, 1000]) {
      await assertCorrupt("a.zst", frame.subarray(0, -cut), /middle of a frame/);
      await assertCorrupt("a.zst", Buffer.concat([zstOf(bytes), frame.subarray(0, -cut)]), /middle of a frame/);
    }
    await assertCorrupt(
      "a.zst",
      Buffer.concat([frame, skippable(bytes).subarray(0, -1)]),
      /middle of a skippable frame/,
    );
    await assertCorrupt("a.zst", Buffer.concat([frame, Buffer.from("tail")]), /goes on after its end/);
  });

  it("is refused when it takes more than its content can need, by the same byte however it is cut", async () => {
    // A frame of no content: empty stored blocks, the last of them flagged. It may take 64 KiB.
    const frameOf = (blocks: number): Buffer => {
      const body = Buffer.alloc(3 * blocks);
      body[3 * (blocks - 1)] = 1;
      return Buffer.concat([Buffer.from("28b52ffd2000", "hex"), body]);
    };
    await assertDecodes("a.zst", frameOf(21_843), Buffer.alloc(0), [1_000]);
    for (const blocks of [21_844, 21_845, 21_846]) {
      await assertCorrupt("a.zst", frameOf(blocks), /larger than its content can need/);
      await assert.rejects(streamed("a.zst", frameOf(blocks), [1_000]), /larger than its content can need/);
    }
  });

  it("is refused when its declared size lies, in either direction", async () => {
    const frame = zstOf(logText(600));
    // Single segment, two bytes of size (less 256) behind magic and descriptor.
    for (const size of [0, 300, 500, 40_000]) {
      const wrong = Buffer.from(frame);
      wrong.writeUInt16LE(size, 5);
      await assertCorrupt("a.zst", wrong);
    }
    // Four bytes of size behind magic, descriptor and window.
    const frameOfLarge = zstOf(large);
    assert.equal(frameOfLarge.readUInt32LE(6), large.length);
    for (const size of [1_100_000, large.length - 1, large.length + 1, 15_000_000, 17_000_000]) {
      const wrong = Buffer.from(frameOfLarge);
      wrong.writeUInt32LE(size, 6);
      await assertCorrupt("a.zst", wrong);
    }
  });

  it("may have a block for each byte, and takes no memory for each block", async () => {
    const content = logText(1_200_000);
    const blocks = Buffer.alloc(content.length * 4);
    for (const [i, byte] of content.entries()) {
      blocks.writeUIntLE((1 << 3) | Number(i === content.length - 1), 4 * i, 3);
      blocks[4 * i + 3] = byte;
    }
    // A window of 2 MiB, four bytes of size, no checksum.
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x58, 0, 0, 0, 0]);
    head.writeUInt32LE(content.length, 6);
    const before = process.memoryUsage().heapUsed;
    await assertDecodes("a.zst", Buffer.concat([head, blocks]), content, [65_536]);
    assert.ok(process.memoryUsage().heapUsed - before < 100 * 2 ** 20);
  });

  it("is refused when it needs a dictionary, or a block of a kind that does not exist", async () => {
    const wrong = zstOf(bytes);
    wrong[4] = (wrong[4] ?? 0) | 0x01;
    await assertCorrupt("a.zst", wrong);
    const kind = zstOf(logText(600));
    kind[7] = (kind[7] ?? 0) | 0x06;
    await assertCorrupt("a.zst", kind, /unknown kind/);
  });

  describe("as the system's zstd writes it", () => {
    needs("zstd");

    it("decodes: from a pipe (no size declared), long windows up to 128 MiB; larger windows are refused", async () => {
      const zstd = (...args: string[]): Buffer =>
        execFileSync("zstd", ["-q", "-c", ...args], { input: large, stdio: ["pipe", "pipe", "ignore"] });
      await assertDecodes("a.zst", zstd("-1"), large, [10_000]);
      await assertDecodes("a.zst", zstd("-19"), large);
      await assertDecodes("a.zst", zstd("--no-check"), large);
      await assertDecodes("a.zst", zstd("--long=27"), large);
      await assertCorrupt("a.zst", zstd("--long=30"), /too much memory/);
    });
  });
});
