/**
 * One flipped bit at 300 seeded places of a block of each codec. With a checksum: corrupt, or (bits of gzip and zstd headers that
 * mean nothing to the content, such as a time stamp) the same bytes. Without (`.lzma`, `.xz` with check "none"): other bytes
 * may come out. Never anything else, and never without end.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { needs } from "../../support/requirements.ts";
import { blocksOf, logText, noise, seeded, streamed, whole, zstOf } from "./material.ts";

const FLIPS = 300;

type Outcome = "corrupt" | "same" | "other";

function outcome(decode: () => Buffer, expected: Buffer): Outcome {
  try {
    return decode().equals(expected) ? "same" : "other";
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, "corrupt", String((error as Error).stack));
    return "corrupt";
  }
}

/** Flips bits one at a time; counts what came of it, decoding both ways. */
async function flipped(key: string, block: Buffer, expected: Buffer): Promise<Record<Outcome, number>> {
  const random = seeded(7);
  const counts = { corrupt: 0, same: 0, other: 0 };
  for (let n = 0; n < FLIPS; n++) {
    const damaged = Buffer.from(block);
    const at = Math.floor(random() * block.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    const result = outcome(() => whole(key, damaged), expected);
    counts[result] += 1;
    if (n % 3 !== 0) continue;
    const stream = await streamed(key, damaged, [1500]).then(
      (bytes) => (): Buffer => bytes,
      (error: unknown) => (): Buffer => {
        throw error;
      },
    );
    assert.equal(outcome(stream, expected), result, `${key}: byte ${at}, both ways alike`);
  }
  return counts;
}

describe("a flipped bit", () => {
  const bytes = Buffer.concat([logText(30_000), noise(2_000), logText(30_000, 2)]);

  it("makes a block corrupt, or changes nothing, in every codec with a checksum", async () => {
    const blocks = await blocksOf(bytes);
    blocks.forEach((block) => assert.ok(block.length > 5_000));
    for (const [key, block] of [
      ...blocks,
      ["large.zst", zstOf(Buffer.concat([bytes, Buffer.alloc(2_000_000)]))] as const,
    ]) {
      if (key === "a.lzma") continue;
      const expected = key === "large.zst" ? Buffer.concat([bytes, Buffer.alloc(2_000_000)]) : bytes;
      const counts = await flipped(key, block, expected);
      assert.equal(counts.other, 0, key);
      assert.ok(counts.corrupt >= FLIPS - 3, `${key}: ${JSON.stringify(counts)}`);
    }
  });

  it("makes an .lzma block corrupt nearly always: its range decoder does not end on zero", async () => {
    const block = (await blocksOf(bytes)).get("a.lzma");
    assert.ok(block !== undefined);
    const counts = await flipped("a.lzma", block, bytes);
    assert.ok(counts.corrupt >= FLIPS - 5, JSON.stringify(counts));
  });

  it("never goes unnoticed or breaks anything in the first and last 40 bytes, where the structure is", async () => {
    for (const [key, block] of await blocksOf(logText(400))) {
      for (let bit = 0; bit < block.length * 8; bit++) {
        if (bit >= 320 && bit < block.length * 8 - 320) continue;
        const damaged = Buffer.from(block);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const result = outcome(() => whole(key, damaged), logText(400));
        if (key !== "a.lzma") assert.notEqual(result, "other", `${key}: bit ${bit}`);
        if (key === "a.xz") assert.equal(result, "corrupt", `${key}: bit ${bit}`);
      }
    }
  });

  describe("in an .xz without check", () => {
    needs("xz");

    it("is caught by its structure nearly always", async () => {
      const block = execFileSync("xz", ["-1", "--check=none", "-c"], { input: bytes });
      const counts = await flipped("a.xz", block, bytes);
      assert.ok(counts.corrupt > FLIPS / 2, JSON.stringify(counts));
    });
  });
});
