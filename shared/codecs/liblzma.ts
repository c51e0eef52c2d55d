/**
 * liblzma 5.8, compiled to WebAssembly: it reads `.lzma` and `.xz` about as fast as the system's `xz`, wherever Node runs, with no
 * native code in the process, and synchronously. liblzma.wasm lies beside this code and was made of its unchanged sources by
 * scripts/liblzma.ts (docs/decisions/0003-codecs.md). What is called here is liblzma's own interface (lzma/base.h,
 * lzma/container.h), one `lzma_stream` for each part of a block.
 *
 *     new LzmaStream -> (give, then code until all of it is used; take when it is full)* -> close
 *
 * It imports nothing and its memory is its own: what comes out of it is copied once, and whatever a block says, it cannot reach
 * beyond it. After a call that did not return (a trap: a bug of liblzma's) nobody knows what is in there: it is let go, and the
 * next block gets another.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { messageOf, SpotfoldError } from "../errors.ts";
import { inCheckout } from "../package-root.ts";
import { pieceBytesMax } from "./piece.ts";

/** What `lzma_code` answers to a decoder, as far as a caller does something about it. */
export const lzmaResult = {
  ok: 0,
  end: 1,
  unsupportedCheck: 3,
  noMemory: 5,
  memoryLimit: 6,
  options: 8,
  /** Nothing was read and nothing written. With all of the input given: it ends too early. */
  stuck: 10,
} as const;

const actionRun = 0;
const actionFinish = 3;

/** A flag of `lzma_auto_decoder`. Else a check of an unknown kind would be taken for right. */
const tellUnsupportedCheck = 0x02;

/** An `lzma_stream` as a 32-bit machine has it: its size, and where in it the fields are, in words. */
const streamBytes = 88;
const nextIn = 0;
const availIn = 1;
const nextOut = 4;
const availOut = 5;
const wordBytes = 4;

/** Handed over at a time. */
export const lzmaInputBytesMax = 64 * 1024;

/** The module; whoever builds children's code copies it beside them. */
export const liblzmaFile = "liblzma.wasm";

/** What the module exports, as far as it is used here. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  free(address: number): void;
  lzma_auto_decoder(stream: number, memoryBytesMax: bigint, flags: number): number;
  lzma_code(stream: number, action: number): number;
  lzma_end(stream: number): void;
}

/** No library of types that a Node project has declares it. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: Exports };
  };
};

/** One instance, and views of its memory. */
class Lzma {
  readonly calls: Exports;
  bytes = new Uint8Array(0);
  words = new Uint32Array(0);

  constructor() {
    this.calls = new wasm.Instance(compiled()).exports;
    this.calls._initialize();
    this.look();
  }

  /** After every call that may have made the memory grow: the views of before are empty then. */
  look(): void {
    const { buffer } = this.calls.memory;
    if (this.bytes.buffer === buffer) return;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}

let loaded: Lzma | null = null;

/** Compiled when the first block needs it: most processes read none. The hint is in the message: of what is wrong with a block, that alone is handed on. */
function compiled(): object {
  try {
    return new wasm.Module(readFileSync(fileURLToPath(new URL(liblzmaFile, import.meta.url))));
  } catch (error) {
    const cure = inCheckout ? `get shared/codecs/${liblzmaFile} again (git checkout)` : "install spotfold again";
    throw new SpotfoldError("invalid-config", `liblzma cannot be loaded, ${cure}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Decoders that nobody uses: liblzma takes the memory of the last block again where it fits. */
const idle: number[] = [];
/** In a decoder two blocks are open at a time. */
const idleMax = 2;

export class LzmaStream {
  readonly #lzma = (loaded ??= new Lzma());
  /** Of the `lzma_stream`; behind it are the input in hand and the piece. */
  readonly #address: number;

  /** `memoryBytesMax`: for its dictionary, and some 64 KiB besides. Throws when there is no memory for it. */
  constructor(memoryBytesMax: number) {
    this.#address = idle.pop() ?? allocated(this.#lzma);
    const began = returning(this.#lzma, (calls) =>
      calls.lzma_auto_decoder(this.#address, BigInt(memoryBytesMax), tellUnsupportedCheck),
    );
    if (began !== lzmaResult.ok) {
      this.#free();
      throw new Error(`liblzma cannot begin (${began})`);
    }
    this.#set(availIn, 0);
    this.#empty();
  }

  /** Bytes that were given and are not used yet. */
  get left(): number {
    return this.#get(availIn);
  }

  get isFull(): boolean {
    return this.#get(availOut) === 0;
  }

  /** At most `lzmaInputBytesMax`, when none are left. */
  give(bytes: Uint8Array): void {
    const input = this.#address + streamBytes;
    this.#lzma.bytes.set(bytes, input);
    this.#set(nextIn, input);
    this.#set(availIn, bytes.length);
  }

  /** Decodes until it is full or what was given is used; one of `lzmaResult`, or another for damage. `all`: no more will be given. */
  code(all: boolean): number {
    if (this.#lzma !== loaded) throw new Error("liblzma was let go while it decoded another block");
    return returning(this.#lzma, (calls) => calls.lzma_code(this.#address, all ? actionFinish : actionRun));
  }

  /** What was decoded since the last time, as a copy. */
  take(): Uint8Array {
    const bytes = pieceBytesMax - this.#get(availOut);
    const piece = Buffer.allocUnsafeSlow(bytes);
    piece.set(this.#lzma.bytes.subarray(this.#output, this.#output + bytes));
    this.#empty();
    return piece;
  }

  /** It must not be used any more. */
  close(): void {
    if (this.#lzma !== loaded) return;
    if (idle.length < idleMax) {
      idle.push(this.#address);
      return;
    }
    this.#free();
  }

  #free(): void {
    this.#lzma.calls.lzma_end(this.#address);
    this.#lzma.calls.free(this.#address);
  }

  get #output(): number {
    return this.#address + streamBytes + lzmaInputBytesMax;
  }

  #empty(): void {
    this.#set(nextOut, this.#output);
    this.#set(availOut, pieceBytesMax);
  }

  #get(field: number): number {
    return this.#lzma.words[this.#address / wordBytes + field] as number;
  }

  #set(field: number, value: number): void {
    this.#lzma.words[this.#address / wordBytes + field] = value;
  }
}

/** Calls liblzma, and lets it go when the call does not return. */
function returning(lzma: Lzma, call: (calls: Exports) => number): number {
  try {
    const result = call(lzma.calls);
    lzma.look();
    return result;
  } catch (error) {
    loaded = null;
    idle.length = 0;
    // Other streams look into the same memory, which may have grown.
    lzma.look();
    throw new Error(`liblzma failed: ${messageOf(error)}`, { cause: error });
  }
}

function allocated(lzma: Lzma): number {
  const address = returning(lzma, (calls) => calls.malloc(streamBytes + lzmaInputBytesMax + pieceBytesMax));
  if (address === 0) throw new Error("liblzma has no memory left");
  // LZMA_STREAM_INIT
  lzma.bytes.fill(0, address, address + streamBytes);
  return address;
}
