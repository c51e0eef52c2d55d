/** Frames are read as they were written however a pipe cuts them, and frames that are cut short or wrong are errors, never data. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  FrameError,
  frameBegin,
  frameData,
  frameDone,
  frameEnd,
  frameFault,
  frameHead,
  framePieceBytesMax,
  readFrames,
} from "../../../executor/children/frames.ts";

/** Gives the bytes in reads of these sizes, in turn; 0 at the end. A read behind the last one is told. */
function reads(stream: Buffer, sizes: readonly number[], over = (): void => undefined): (buffer: Uint8Array) => number {
  let at = 0;
  let n = 0;
  return (buffer) => {
    if (at === stream.length) over();
    const got = Math.min(buffer.length, sizes[n++ % sizes.length] ?? 1, stream.length - at);
    buffer.set(stream.subarray(at, at + got));
    at += got;
    return got;
  };
}

/** What was handed on, in order; bytes that follow each other as one text. */
function told(read: (buffer: Uint8Array) => number): string[] {
  const list: string[] = [];
  let text = "";
  const say = (what: string): void => {
    if (text !== "") list.push(`data ${text}`);
    text = "";
    list.push(what);
  };
  readFrames(read, {
    begin: (block) => say(`begin ${block}`),
    data: (bytes) => void (text += Buffer.from(bytes).toString("latin1")),
    end: (block) => say(`end ${block}`),
    fault: (block) => say(`fault ${block}`),
  });
  say("over");
  return list;
}

const data = (bytes: Uint8Array): Buffer => Buffer.concat([frameHead(frameData, bytes.length), bytes]);

/** Blocks of pieces, some of them empty; the last may have failed half way. */
const blocks = fc.array(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }), { maxLength: 5 });

function framesOf(blocks: readonly (readonly Uint8Array[])[], failed: boolean): { stream: Buffer; expected: string[] } {
  const parts: Buffer[] = [];
  const expected: string[] = [];
  for (const [index, pieces] of blocks.entries()) {
    const isFault = failed && index === blocks.length - 1;
    const text = Buffer.concat(pieces).toString("latin1");
    parts.push(frameHead(frameBegin, index), ...pieces.map(data), frameHead(isFault ? frameFault : frameEnd, index));
    expected.push(`begin ${index}`, ...(text === "" ? [] : [`data ${text}`]), `${isFault ? "fault" : "end"} ${index}`);
  }
  if (!failed || blocks.length === 0) parts.push(frameHead(frameDone, 0));
  return { stream: Buffer.concat(parts), expected: [...expected, "over"] };
}

describe("frames", () => {
  it("are those that were written, in reads of any sizes, and nothing is waited for behind the last one", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(blocks, fc.boolean(), sizes, (blocks, failed, sizes) => {
        const { stream, expected } = framesOf(blocks, failed);
        const over = (): void => assert.fail("it reads on");
        assert.deepEqual(told(reads(stream, sizes, over)), expected);
        assert.deepEqual(told(reads(stream, [stream.length], over)), expected);
      }),
      { numRuns: 500 },
    );
  });

  it("are the same wherever they are cut, and an error wherever they end early", () => {
    const pieces = [Buffer.from("BDEFZ\0\0"), Buffer.alloc(0), Buffer.from('1\t{"a":[1,2]}\n2\t{"a"')];
    const { stream, expected } = framesOf([pieces, [], [Buffer.from(":3}\n")]], false);
    for (let at = 1; at < stream.length; at++) {
      assert.deepEqual(told(reads(stream, [at, stream.length])), expected, `cut at ${at}`);
      assert.throws(() => told(reads(stream.subarray(0, at), [stream.length])), FrameError, `ends at ${at}`);
    }
  });

  it("go through one buffer, however long they are, and are no longer than they may be", () => {
    const long = Buffer.alloc(framePieceBytesMax, "0123456789abc");
    const { stream, expected } = framesOf([[long, long.subarray(1)], [Buffer.from("x")]], false);
    assert.deepEqual(told(reads(stream, [200_003, 7, 600_000])), expected);
    assert.throws(() => told(reads(frameHead(frameData, framePieceBytesMax + 1), [5])), /a frame of 1048577 bytes/);
    assert.throws(() => told(reads(frameHead(0x51, 0), [5])), /an unknown frame 81/);
  });
});
