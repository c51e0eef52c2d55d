/** What only `.xz` has: streams, padding, blocks, indexes, checks. Files are made by liblzma and by the system's `xz`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { crc32 } from "node:zlib";
import { needs } from "../../support/requirements.ts";
import { assertCorrupt, assertDecodes, liblzma, logText, noise, whole, xzOf } from "./material.ts";
import { heldBufferBytes } from "../../support/held-memory.ts";

/** Where the footer says that the index begins. */
function indexAt(xz: Buffer): number {
  return xz.length - 12 - (xz.readUInt32LE(xz.length - 8) + 1) * 4;
}

function xz(data: Buffer, ...args: string[]): Buffer {
  return execFileSync("xz", [...args, "-c"], { input: data, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "ignore"] });
}

describe(".xz", () => {
  const bytes = logText(60_000);
  const checks = [liblzma.CHECK_CRC32, liblzma.CHECK_CRC64, liblzma.CHECK_SHA256];

  it("may have any check, which is verified", async () => {
    for (const check of checks) {
      const file = await xzOf(bytes, check);
      assert.equal(file[7], check);
      await assertDecodes("a.xz", file, bytes, [777]);
      file[indexAt(file) - 1] = (file[indexAt(file) - 1] ?? 0) ^ 0x10;
      await assertCorrupt("a.xz", file, /is damaged/);
    }
  });

  it("may be several streams with padding between and behind them", async () => {
    const one = await xzOf(bytes);
    const two = await xzOf(logText(10, 2), liblzma.CHECK_SHA256, 6);
    const empty = await xzOf(Buffer.alloc(0));
    const joined = Buffer.concat([bytes, logText(10, 2), bytes]);
    await assertDecodes("a.xz", Buffer.concat([one, two, one]), joined, [1]);
    await assertDecodes(
      "a.xz",
      Buffer.concat([one, Buffer.alloc(4), two, empty, Buffer.alloc(400), one, Buffer.alloc(8)]),
      joined,
    );
    for (const wrong of [1, 2, 3, 5]) {
      await assertCorrupt("a.xz", Buffer.concat([one, Buffer.alloc(wrong), two]), /padding/);
      await assertCorrupt("a.xz", Buffer.concat([one, Buffer.alloc(wrong)]), /padding/);
    }
    await assertCorrupt("a.xz", Buffer.concat([one, two.subarray(0, 20)]), /middle/);
    await assertCorrupt("a.xz", Buffer.concat([Buffer.alloc(4), one]), /no xz file/);
  });

  it("may hold stored chunks, and data larger than its window", async () => {
    const mixed = Buffer.concat([noise(300_000), logText(900_000), noise(70_000, 2), logText(10_000, 3)]);
    await assertDecodes("a.xz", await xzOf(mixed, liblzma.CHECK_CRC64, 0), mixed, [100_000]);
  });

  it("is refused when its index does not fit its blocks, though all checksums do", async () => {
    const file = await xzOf(bytes);
    const at = indexAt(file);
    const index = file.subarray(at, -12);
    for (const byte of [1, 2, 3, 4]) {
      const wrong = Buffer.from(file);
      wrong[at + byte] = (wrong[at + byte] ?? 0) ^ 1;
      wrong.writeUInt32LE(crc32(wrong.subarray(at, at + index.length - 4)), at + index.length - 4);
      await assertCorrupt("a.xz", wrong, /is damaged/);
    }
  });

  it("is refused when its footer is of another stream", async () => {
    const one = await xzOf(bytes);
    const two = await xzOf(bytes, liblzma.CHECK_SHA256);
    await assertCorrupt("a.xz", Buffer.concat([one.subarray(0, -12), two.subarray(-12)]), /is damaged/);
  });

  it("is refused when it declares a dictionary larger than we give, before the memory is taken", async () => {
    const file = await xzOf(bytes);
    const headerBytes = ((file[12] ?? 0) + 1) * 4;
    const size = file.indexOf(Buffer.from([0x21, 0x01]), 12) + 2;
    const before = heldBufferBytes();
    for (const [value, message] of [
      [29, /dictionary of more than 67108864 bytes/],
      [40, /dictionary of more than/],
      [41, /filters or options/],
    ] as const) {
      file[size] = value;
      file.writeUInt32LE(crc32(file.subarray(12, 12 + headerBytes - 4)), 12 + headerBytes - 4);
      await assertCorrupt("a.xz", file, message);
    }
    assert.ok(heldBufferBytes() - before < 16 * 1024 * 1024);
    file[size] = 28;
    file.writeUInt32LE(crc32(file.subarray(12, 12 + headerBytes - 4)), 12 + headerBytes - 4);
    await assertDecodes("a.xz", file, bytes);
  });

  describe("as the system's xz writes it", () => {
    needs("xz");

    it("decodes: several blocks, with and without sizes in their headers, and `.lzma`", async () => {
      const data = logText(2_000_000);
      await assertDecodes("a.xz", xz(data, "-1", "--block-size=100KiB"), data, [5_000]);
      await assertDecodes("a.xz", xz(data, "-0", "-T2", "--block-size=300KiB"), data, [5_000]);
      await assertDecodes("a.xz", xz(data, "--lzma2=preset=1,lc=0,lp=2,pb=0"), data);
      await assertDecodes("a.lzma", xz(data, "--lzma1=preset=1,lc=4,lp=0,pb=4", "--format=lzma"), data);
      await assertDecodes("a.lzma", xz(data, "--lzma1=preset=1,lc=0,lp=4,pb=0", "--format=lzma"), data);
    });

    it("decodes where a filter was used before", async () => {
      await assertDecodes("a.xz", xz(bytes, "--delta=dist=4", "--lzma2"), bytes, [5_000]);
      await assertDecodes("a.xz", xz(bytes, "--x86", "--lzma2"), bytes, [5_000]);
    });

    it("is refused when its check is of a kind that nobody knows", async () => {
      const file = xz(bytes, "--check=crc32");
      // Stream flags in header and footer, each with its checksum; 2 is reserved for a check of 4 bytes, too.
      file[7] = 2;
      file.writeUInt32LE(crc32(file.subarray(6, 8)), 8);
      file[file.length - 3] = 2;
      file.writeUInt32LE(crc32(file.subarray(-8, -2)), file.length - 12);
      await assertCorrupt("a.xz", file, /check of unknown kind/);
    });

    it("decodes without a check, and when the check is of another size than the default", async () => {
      for (const check of ["none", "crc32", "sha256"]) {
        const file = xz(bytes, `--check=${check}`);
        await assertDecodes("a.xz", Buffer.concat([file, file]), Buffer.concat([bytes, bytes]));
      }
    });

    it("decodes when it has very many small blocks", () => {
      const file = xz(Buffer.alloc(3_000_000), "-0", "--block-size=4KiB");
      assert.ok(whole("a.xz", file).equals(Buffer.alloc(3_000_000)));
    });
  });
});
