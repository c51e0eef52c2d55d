/** What only `.gz` has: members, optional header fields, CRC32 and size behind each member. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { needs } from "../../support/requirements.ts";
import { assertCorrupt, assertDecodes, logText, noise, whole } from "./material.ts";

/** A member with any of the optional fields. */
function member(bytes: Buffer, flags: number, fields: readonly Buffer[] = []): Buffer {
  const header = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3]), ...fields]);
  const headerCrc = Buffer.alloc((flags & 2) === 0 ? 0 : 2);
  if (headerCrc.length > 0) headerCrc.writeUInt16LE(crc32(header) & 0xffff);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, headerCrc, deflateRawSync(bytes), trailer]);
}

describe(".gz", () => {
  const bytes = logText(50_000);
  const block = gzipSync(bytes);

  it("may be several members, of any size, cut anywhere", async () => {
    const parts = [bytes, Buffer.alloc(0), logText(10, 2), noise(70_000), logText(700_000, 3)];
    const joined = Buffer.concat(parts);
    const file = Buffer.concat(parts.map((part) => gzipSync(part)));
    for (const sizes of [[1, 1000], [100], [65536], [file.length]]) await assertDecodes("a.gz", file, joined, sizes);
    const small = Buffer.concat([gzipSync(logText(30)), gzipSync(logText(30))]);
    for (let size = 1; size <= small.length; size++) {
      await assertDecodes("a.gz", small, Buffer.concat([logText(30), logText(30)]), [size]);
    }
  });

  it("may have extra fields, a name, a comment, a checksum of the header", async () => {
    const extra = Buffer.from([3, 0, 7, 8, 9]);
    const name = Buffer.from("file.log\0");
    await assertDecodes("a.gz", member(bytes, 0x1e, [extra, name, name]), bytes, [1, 2, 3]);
    await assertDecodes("a.gz", member(bytes, 0x08, [name]), bytes);
    const wrong = member(bytes, 0x0a, [name]);
    wrong[12] = (wrong[12] ?? 0) ^ 1;
    await assertCorrupt("a.gz", wrong, /damaged member header/);
    await assertCorrupt("a.gz", member(bytes, 0x20), /unknown kind/);
    for (let end = 1; end < 40; end++) {
      await assertCorrupt("a.gz", member(bytes, 0x1e, [extra, name, name]).subarray(0, end), /ends in the middle/);
    }
  });

  it("is refused when its CRC32 or its size is wrong", async () => {
    for (const [at, message] of [
      [-8, /CRC32 fails/],
      [-5, /CRC32 fails/],
      [-4, /another size/],
      [-1, /another size/],
    ] as const) {
      const wrong = Buffer.from(block);
      wrong[wrong.length + at] = (wrong.at(at) ?? 0) ^ 0x40;
      await assertCorrupt("a.gz", wrong, message);
      await assertCorrupt("a.gz", Buffer.concat([wrong, block]), message);
      await assertCorrupt("a.gz", Buffer.concat([block, wrong]), message);
    }
  });

  it("is refused when something that is no member follows, zeros included", async () => {
    await assertCorrupt("a.gz", Buffer.concat([block, Buffer.alloc(512)]), /goes on after its end/);
    await assertCorrupt("a.gz", Buffer.concat([block, Buffer.from([0x1f])]), /middle of a member's header/);
    await assertCorrupt("a.gz", Buffer.from("plain text under a wrong name\n"), /no gzip file/);
    await assertCorrupt("a.gz", Buffer.concat([block, Buffer.from("junk")]), /goes on after its end .* no member/);
  });

  it("may be stored, not deflated", async () => {
    await assertDecodes("a.gz", gzipSync(bytes, { level: constants.Z_NO_COMPRESSION }), bytes, [30_000]);
  });

  describe("as the system's gzip writes it", () => {
    needs("gzip");

    it("decodes", async () => {
      const written = execFileSync("gzip", ["-9", "-c"], { input: bytes });
      await assertDecodes("a.gz", written, bytes);
      assert.ok(whole("a.gz", Buffer.concat([written, block])).equals(Buffer.concat([bytes, bytes])));
    });
  });
});
