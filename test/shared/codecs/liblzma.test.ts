/** liblzma: which one it is, and that what a call that did not return left behind is not used again. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { liblzmaFile } from "../../../shared/codecs/liblzma.ts";
import { repositoryRoot } from "../../support/requirements.ts";
import type * as Liblzma from "../../../shared/codecs/liblzma.ts";

/** Of what `npm run liblzma` makes: another release, compiler or setting is another number. */
const sha256 = "1641155360c6ef7ef0828665aeebc8d210b3860e59cdc103e4e0a29fab9bba75";

interface Wasm {
  readonly Module: (new (bytes: Uint8Array) => object) & { imports(module: object): readonly object[] };
  Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (...words: never) => { readonly buffer: ArrayBuffer };
}

const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm };

const memoryBytesMax = 2 ** 20;

/** An empty `.xz` file. */
const empty = Buffer.from("/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=", "base64");

describe("liblzma", () => {
  const { Instance } = wasm;
  const memories: { readonly buffer: ArrayBuffer }[] = [];

  before(() => {
    wasm.Instance = class extends Instance {
      constructor(module: object, imports: object) {
        super(module, imports);
        for (const value of Object.values(this.exports)) if (value instanceof wasm.Memory) memories.push(value);
      }
    };
  });

  after(() => void (wasm.Instance = Instance));

  it("is the file that was made of liblzma's sources, and can call nothing outside of it", () => {
    const bytes = readFileSync(join(repositoryRoot, "shared/codecs", liblzmaFile));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
    assert.deepEqual(wasm.Module.imports(new wasm.Module(bytes)), []);
  });

  it("is another one after a call that did not return", async () => {
    // Of its own: in this process, too, blocks are decoded with the one that others import.
    const fresh = new URL("../../../shared/codecs/liblzma.ts?fresh", import.meta.url);
    const { LzmaStream, lzmaResult } = (await import(fresh.href)) as typeof Liblzma;
    const failing = new LzmaStream(memoryBytesMax);
    const other = new LzmaStream(memoryBytesMax);
    new LzmaStream(memoryBytesMax).close();
    failing.give(empty);
    assert.equal(memories.length, 1);
    for (const { buffer } of memories) new Uint8Array(buffer).fill(0xff);
    assert.throws(() => failing.code(true), /^Error: liblzma failed: /);
    assert.throws(() => other.code(true), /^Error: liblzma was let go/);
    failing.close();
    other.close();
    for (let n = 0; n < 2; n++) {
      const stream = new LzmaStream(memoryBytesMax);
      stream.give(empty);
      assert.equal(stream.code(true), lzmaResult.end);
      assert.equal(stream.take().length, 0);
      stream.close();
    }
    assert.equal(memories.length, 2);
  });
});
