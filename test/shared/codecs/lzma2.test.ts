/** Chunks that no writer makes: each must be refused for what it is, not for what it leads to. */
import assert from "node:assert/strict";
import { BlockInput } from "../../../shared/codecs/input.ts";
import { LzmaCore } from "../../../shared/codecs/lzma-core.ts";
import { decodeLzma2 } from "../../../shared/codecs/lzma2.ts";
import { assertCorrupt } from "./material.ts";

function decoded(...bytes: readonly number[]): Buffer {
  const input = new BlockInput();
  input.give(Uint8Array.from(bytes));
  input.close();
  return Buffer.concat([...decodeLzma2(input, new LzmaCore(65536))].filter((piece) => piece !== null));
}

const stored = (control: number, ...bytes: readonly number[]): number[] => [control, 0, bytes.length - 1, ...bytes];
/** A compressed chunk of one byte, with properties where the control byte asks for them. */
const compressed = (control: number, ...properties: readonly number[]): number[] =>
  [control, 0, 0, 0, 5].concat(properties, [0, 0, 0, 0, 0, 0]);

describe("LZMA2", () => {
  it("takes stored chunks, with and without a new dictionary, and an end", () => {
    assert.equal(decoded(...stored(1, 97, 98), ...stored(2, 99), ...stored(1, 100), 0).toString(), "abcd");
    assert.equal(decoded(0).length, 0);
  });

  it("must begin with a new dictionary, and after one with new properties", () => {
    assert.throws(() => decoded(...stored(2, 97), 0), /begins without a new dictionary/);
    assert.throws(() => decoded(...compressed(0xc0, 0x5d), 0), /begins without a new dictionary/);
    assert.throws(() => decoded(...stored(1, 97), ...compressed(0x80), 0), /begins without properties/);
    assert.throws(() => decoded(...stored(1, 97), ...compressed(0xa0), 0), /begins without properties/);
    assert.throws(
      () => decoded(...compressed(0xe0, 0x5d), ...stored(1, 97), ...compressed(0x80), 0),
      /chunk|properties/,
    );
  });

  it("has neither other control bytes nor other properties", () => {
    for (const control of [3, 0x20, 0x7f])
      assert.throws(() => decoded(...stored(1, 97), ...stored(control, 97), 0), /no such control byte/);
    // lc 4 and lp 1: more than LZMA2 allows. 225: no such byte.
    for (const properties of [4 + 9, 225]) {
      assert.throws(() => decoded(...compressed(0xe0, properties), 0), /no such properties byte/);
    }
  });
});

describe("LZMA", () => {
  it("refuses a first symbol that repeats what was not there", async () => {
    // Bits 1, 1, 0, 0 of even odds: a match, repeated, of the last distance, one byte.
    const header = [0x5d, 0, 0, 1, 0, ...Array<number>(8).fill(0xff)];
    const block = Buffer.from([...header, 0, 0xc8, 0, 0, 0, ...Array<number>(40).fill(0)]);
    await assertCorrupt("a.lzma", block, /points before the data/);
  });
});
