/**
 * The decoder: fetches blocks, decompresses them, writes frames to its standard output, which is the executor's standard
 * input. No user code runs here. It tells the parent what became of each block before it tells the executor, so that the
 * parent can check what the executor says.
 *
 *   for each block: open (asking the parent to lend it) -> B with the first bytes -> D ... -> E
 *   failed before a byte was handed on: told, next block.   Failed later: told, F, end: the executor's state is spoiled.
 *
 * Writes block when the executor is slower; meanwhile the next bytes wait in the kernel. It ends when the executor is gone
 * (a write fails) or the parent is (its descriptor ends).
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { decodeBlock } from "../../shared/codecs/decode.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { Lent } from "../../shared/ports/blob-store.ts";
import type { Fault } from "../types.ts";
import { readAhead } from "./ahead.ts";
import { readBlock, SourceFault } from "./block-source.ts";
import type { SourceBlock } from "./block-source.ts";
import { reporter, writeAll } from "./control.ts";
import { frameBegin, frameData, frameDone, frameEnd, frameFault, frameHead, framePieceBytesMax } from "./frames.ts";
import { taskDescriptor } from "./protocol.ts";
import type { DecoderAnswer, DecoderTask } from "./protocol.ts";

/** Messages of progress at most this often, ms. */
const progressMs = 200;

const frames = 1;

/** The sample that a check asks for is complete. */
const sampled = new Error("the sample is complete");

class Decoder {
  readonly #task: DecoderTask;
  readonly #say: ReturnType<typeof reporter>;
  readonly #answers = new Map<number, (answer: DecoderAnswer) => void>();
  #bytes = 0;
  #lastSaid = 0;

  constructor(task: DecoderTask) {
    this.#task = task;
    this.#say = reporter(task.token);
  }

  answer(answer: DecoderAnswer): void {
    this.#answers.get(answer.block)?.(answer);
    this.#answers.delete(answer.block);
  }

  async run(): Promise<void> {
    const { blocks } = this.#task;
    let next = this.#open(blocks[0]);
    for (const [i, block] of blocks.entries()) {
      const source = next;
      next = this.#open(blocks[i + 1]);
      if (source !== null && !(await this.#decode(block, source))) return;
    }
    writeAll(writeSync, frames, frameHead(frameDone, 0));
    this.#say({ say: "done" });
  }

  #open(block: SourceBlock | undefined): AsyncGenerator<Uint8Array> | null {
    return block === undefined ? null : readAhead(readBlock(block, () => this.#lend(block)));
  }

  async #lend(block: SourceBlock): Promise<Lent> {
    const answer = await new Promise<DecoderAnswer>((resolve) => {
      this.#answers.set(block.index, resolve);
      this.#say({ say: "lend", block: block.index });
    });
    if ("lent" in answer) return answer.lent;
    throw Object.assign(new SourceFault(block, answer.refused.cause, answer.refused.reason, answer.refused.message));
  }

  /** False: bytes of a block that failed were handed on, or the sample is complete. */
  async #decode(block: SourceBlock, source: AsyncGenerator<Uint8Array>): Promise<boolean> {
    let compressed = 0;
    let rawBytes = 0;
    try {
      const counted = this.#counted(source, (bytes) => (compressed += bytes));
      for await (const piece of decodeBlock(block.key, counted)) {
        if (rawBytes === 0) writeAll(writeSync, frames, frameHead(frameBegin, block.index));
        rawBytes += piece.length;
        this.#write(piece);
        if (rawBytes >= (this.#task.rawBytesMax ?? Infinity)) throw sampled;
      }
    } catch (error) {
      if (error === sampled) {
        writeAll(writeSync, frames, frameHead(frameDone, 0));
        this.#say({ say: "done" });
        return false;
      }
      return this.#failed(faultOf(block, error), rawBytes > 0);
    }
    if (rawBytes === 0) writeAll(writeSync, frames, frameHead(frameBegin, block.index));
    this.#say({ say: "decoded", block: block.index, bytes: compressed, rawBytes });
    writeAll(writeSync, frames, frameHead(frameEnd, block.index));
    return true;
  }

  #failed(fault: Fault, spoiled: boolean): boolean {
    this.#say({ say: "fault", fault, spoiled });
    if (spoiled) writeAll(writeSync, frames, frameHead(frameFault, fault.block ?? 0));
    return !spoiled;
  }

  #write(piece: Uint8Array): void {
    for (let start = 0; start < piece.length; start += framePieceBytesMax) {
      const part = piece.subarray(start, start + framePieceBytesMax);
      writeAll(writeSync, frames, frameHead(frameData, part.length));
      writeAll(writeSync, frames, part);
    }
  }

  async *#counted(source: AsyncGenerator<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      count(chunk.length);
      this.#bytes += chunk.length;
      const now = performance.now();
      if (now - this.#lastSaid >= progressMs) {
        this.#lastSaid = now;
        this.#say({ say: "progress", bytes: this.#bytes });
      }
      yield chunk;
    }
  }
}

function faultOf(block: SourceBlock, error: unknown): Fault {
  if (error instanceof SourceFault) return error.fault;
  const code = codeOf(error);
  if (code === "EPIPE") process.exit(0);
  const message = `${block.key}: ${messageOf(error)}`;
  if (code === "corrupt" || code === "limit") return { cause: "bad-input", reason: code, message, block: block.index };
  return { cause: "infrastructure", reason: code ?? "decoder", message, block: block.index };
}

/** The parent's lines: the task first, then answers. Ends the process when the parent is gone. */
function listen(): void {
  const parent = new Socket({ fd: taskDescriptor, readable: true, writable: false });
  let decoder: Decoder | null = null;
  let rest = "";
  parent.setEncoding("utf8");
  parent.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (decoder !== null) {
        decoder.answer(JSON.parse(line) as DecoderAnswer);
        continue;
      }
      decoder = new Decoder(JSON.parse(line) as DecoderTask);
      decoder.run().then(
        () => process.exit(0),
        (error: unknown) => process.exit(codeOf(error) === "EPIPE" ? 0 : crash(error)),
      );
    }
  });
  parent.on("error", () => process.exit(1));
  parent.on("close", () => process.exit(1));
}

function crash(error: unknown): number {
  writeSync(2, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

listen();
