/**
 * The decoder: fetches blocks, decompresses them, writes frames to the other end of an executor's standard input, which it is
 * handed for each task. No user code runs here. It tells the parent what became of each block before it tells the executor, so
 * that the parent can check what the executor says.
 *
 *   waiting --task, output--> at work --all frames written, said so--> waiting
 *                                     --a block spoiled, the executor gone--> end
 *   for each block (small ones many at a time: small-blocks.ts): open (asking the parent to lend it) -> decode, hold the first bytes back -> B, D ... -> E
 *   failed before a byte was handed on: told, next block.   Failed later: told, F, end: the executor's state is spoiled.
 *
 * Frames are made ahead of the executor, up to a bound: while it is at the end of one block, the next one's first bytes are
 * decoded and held back. Nothing of one task is left when the next begins. It ends when the executor is gone while it works (a
 * write fails), or the parent is (its descriptor ends).
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { decodeBlock } from "../../shared/codecs/decode.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { Fault } from "../types.ts";
import { readAhead } from "./ahead.ts";
import { readBlock, SourceFault } from "./block-source.ts";
import type { SourceBlock } from "./block-source.ts";
import { reporter, sayWaiting } from "./control.ts";
import { dataFrames, writeFrame } from "./data-frames.ts";
import type { DataFrame } from "./data-frames.ts";
import { frameBegin, frameDone, frameEnd, frameFault, frameHead } from "./frames.ts";
import { heldBack, heldBytesMax } from "./held-back.ts";
import { Lends } from "./lends.ts";
import { PendingFrames } from "./pending-frames.ts";
import { taskDescriptor } from "./protocol.ts";
import type { DecoderAnswers, DecoderMessage, DecoderTask } from "./protocol.ts";
import { decodeSmall, readBelow, readSmall, smallBytesMax } from "./small-blocks.ts";
import type { ReadUrl } from "./url-bytes.ts";

/** Messages of progress at most this often, ms. */
const progressMs = 200;

/** Compressed bytes that wait, of each of the two blocks that are open at a time. */
const compressedAheadBytesMax = 2 * 1024 * 1024;

/**
 * Bytes of frames that wait. As many as are held back: where the executor is the slower one, it takes longer for these than
 * the decoder for the held ones of the next block, so none of the two pauses between blocks.
 */
const framesAheadBytesMax = heldBytesMax;

class Decoder {
  readonly #task: DecoderTask;
  readonly #say: (message: DecoderMessage) => void;
  readonly #lends: Lends;
  #reader: Promise<ReadUrl> | null = null;
  #bytes = 0;
  #lastSaid = 0;
  /** The frames end as they should. */
  #whole = false;
  /** It has said that it is done: what is still under way (a block that was left early) says and asks nothing any more. */
  #over = false;

  constructor(task: DecoderTask) {
    this.#task = task;
    const report = reporter(task.token);
    this.#say = (message) => {
      if (!this.#over) report(message);
    };
    // What is looked for in the folder first is asked for by itself.
    this.#lends = new Lends(task.folder === null ? task.blocks : [], (blocks) => this.#say({ say: "lend", blocks }));
  }

  answer({ token, answers }: DecoderAnswers): void {
    // An answer to the task before comes too late.
    if (token !== this.#task.token) return;
    for (const answer of answers) this.#lends.answer(answer);
  }

  /** Resolves when the executor's side has all frames; true when every block was done. */
  async run(given: Promise<Socket>): Promise<boolean> {
    const ahead = readAhead(this.#frames(), framesAheadBytesMax);
    const output = await given;
    output.on("error", readerGone);
    for await (const frame of ahead) {
      if (!writeFrame(output, frame)) await once(output, "drain");
    }
    await new Promise<void>((resolve) => void output.end(resolve));
    output.off("error", readerGone).on("error", () => undefined);
    output.destroy();
    if (this.#whole) this.#say({ say: "done" });
    this.#over = true;
    return this.#whole;
  }

  async *#frames(): AsyncGenerator<Uint8Array | DataFrame> {
    const { blocks } = this.#task;
    const small = new PendingFrames((decoded) => this.#say({ say: "decoded", blocks: decoded }));
    let next = this.#open(blocks[0]);
    for (const [i, block] of blocks.entries()) {
      const source = next;
      next = this.#open(blocks[i + 1]);
      const rest = source ?? (await this.#decodeSmall(block, small));
      if (rest === null) {
        if (!small.isFull) continue;
        yield* small.take();
        // Nothing here waits: what is ready to be written is written in a turn of the event loop.
        await turn();
        continue;
      }
      yield* small.take();
      if (!(yield* this.#decode(block, rest))) return;
    }
    yield* small.take();
    yield* this.#done();
  }

  *#done(): Generator<Uint8Array> {
    this.#whole = true;
    yield frameHead(frameDone, 0);
  }

  /** Begins to read a block, unless it is read in one go when its turn comes. */
  #open(block: SourceBlock | undefined): AsyncGenerator<Uint8Array> | null {
    const { local, rawBytesMax } = this.#task;
    if (block === undefined || (local && rawBytesMax === null && block.size <= smallBytesMax)) return null;
    return this.#read(block);
  }

  #read(block: SourceBlock): AsyncGenerator<Uint8Array> {
    const chunks = readBlock(
      block,
      () => this.#lends.lend(block),
      () => this.#urlReader(),
    );
    return readAhead(chunks, compressedAheadBytesMax);
  }

  /** Loaded where a URL is lent: HTTP, TLS and the words for refusals are most of what a decoder would load. */
  #urlReader(): Promise<ReadUrl> {
    const { silentMs, http } = this.#task;
    this.#reader ??= import("./url-bytes.ts").then(({ urlReader }) => urlReader({ silentMs, http }));
    return this.#reader;
  }

  /** Adds the block's frames, or tells what is wrong with it. Else its bytes: it is to be decoded like a large one. */
  async #decodeSmall(block: SourceBlock, frames: PendingFrames): Promise<AsyncGenerator<Uint8Array> | null> {
    try {
      const bytes = this.#readBelow(block) ?? (await this.#readLent(block));
      const pieces = decodeSmall(block.key, bytes);
      if (pieces === null) return alone(bytes);
      this.#consumed(bytes.length);
      frames.add(block.index, bytes.length, pieces);
    } catch (error) {
      this.#say({ say: "fault", fault: faultOf(block, error), spoiled: false });
    }
    return null;
  }

  #readBelow(block: SourceBlock): Uint8Array | null {
    const { folder } = this.#task;
    return folder === null ? null : readBelow(block, folder);
  }

  async #readLent(block: SourceBlock): Promise<Uint8Array> {
    this.#lends.ahead();
    const lent = await this.#lends.lend(block);
    if (lent.kind === "url") throw new Error("it was lent as a URL after files");
    return readSmall(block, lent.path);
  }

  /** Yields the block's frames. False: they were the last, since it failed after some, or the sample is complete. */
  async *#decode(
    block: SourceBlock,
    source: AsyncGenerator<Uint8Array>,
  ): AsyncGenerator<Uint8Array | DataFrame, boolean, undefined> {
    let bytes = 0;
    let rawBytes = 0;
    try {
      const counted = this.#counted(source, (more) => (bytes += more));
      for await (const piece of heldBack(decodeBlock(block.key, counted))) {
        if (rawBytes === 0) yield frameHead(frameBegin, block.index);
        rawBytes += piece.length;
        yield* dataFrames(piece);
        if (rawBytes < (this.#task.rawBytesMax ?? Infinity)) continue;
        yield* this.#done();
        return false;
      }
    } catch (error) {
      const spoiled = rawBytes > 0;
      this.#say({ say: "fault", fault: faultOf(block, error), spoiled });
      if (spoiled) yield frameHead(frameFault, block.index);
      return !spoiled;
    }
    if (rawBytes === 0) yield frameHead(frameBegin, block.index);
    this.#say({ say: "decoded", blocks: [{ block: block.index, bytes, rawBytes }] });
    yield frameHead(frameEnd, block.index);
    return true;
  }

  async *#counted(source: AsyncGenerator<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      count(chunk.length);
      this.#consumed(chunk.length);
      yield chunk;
    }
  }

  /** So many compressed bytes are behind us. */
  #consumed(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (now - this.#lastSaid < progressMs) return;
    this.#lastSaid = now;
    this.#say({ say: "progress", bytes: this.#bytes });
  }
}

async function* alone(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function readerGone(error: Error): void {
  const code = codeOf(error);
  process.exit(code === "EPIPE" || code === "ECONNRESET" ? 0 : crash(error));
}

function faultOf(block: SourceBlock, error: unknown): Fault {
  if (error instanceof SourceFault) return error.fault;
  const code = codeOf(error);
  const message = `${block.key}: ${messageOf(error)}`;
  if (code === "corrupt" || code === "limit") return { cause: "bad-input", reason: code, message, block: block.index };
  return { cause: "infrastructure", reason: code ?? "decoder", message, block: block.index };
}

/** The parent's lines: a task, answers, the next task. Ends the process when the parent is gone, or when a task is not done. */
function listen(): void {
  const parent = new Socket({ fd: taskDescriptor, readable: true, writable: false });
  let decoder: Decoder | null = null;
  let output = Promise.withResolvers<Socket>();
  process.on("message", (_word, socket) => output.resolve(socket as Socket));
  process.on("disconnect", () => process.exit(1));
  const begin = (task: DecoderTask): void => {
    decoder = new Decoder(task);
    decoder.run(output.promise).then(
      (whole) => {
        if (!whole) process.exit(0);
        decoder = null;
        output = Promise.withResolvers();
      },
      (error: unknown) => process.exit(crash(error)),
    );
  };
  let rest = "";
  parent.setEncoding("utf8");
  parent.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line) as DecoderTask | DecoderAnswers;
      if ("blocks" in message) begin(message);
      else decoder?.answer(message);
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
sayWaiting();
