import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { heldBack } from "../../../executor/children/held-back.ts";

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 12 });
const bound = fc.integer({ min: 1, max: 60 });
const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** Notes how much was taken out of it, and ends with a throw when `damaged`. */
async function* source(
  parts: readonly Uint8Array[],
  taken: Uint8Array[],
  damaged: boolean,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    taken.push(part);
    yield await Promise.resolve(part);
  }
  if (damaged) throw new Error("damaged");
}

describe("bytes held back", () => {
  it("are the same pieces, none before the bound is reached or the source ends", async () => {
    const property = fc.asyncProperty(pieces, bound, async (parts, bytesMax) => {
      const taken: Uint8Array[] = [];
      const got: Uint8Array[] = [];
      for await (const piece of heldBack(source(parts, taken, false), bytesMax)) {
        if (got.length === 0) assert.ok(sizeOf(taken) >= bytesMax || taken.length === parts.length);
        got.push(piece);
      }
      assert.deepEqual(got, parts);
    });
    await fc.assert(property);
  });

  it("are forgotten when the source fails before the bound, and only then", async () => {
    const property = fc.asyncProperty(pieces, bound, async (parts, bytesMax) => {
      const got: Uint8Array[] = [];
      const read = async (): Promise<void> => {
        for await (const piece of heldBack(source(parts, [], true), bytesMax)) got.push(piece);
      };
      await assert.rejects(read, /damaged/);
      assert.deepEqual(got, sizeOf(parts) < bytesMax ? [] : parts);
    });
    await fc.assert(property);
  });
});
