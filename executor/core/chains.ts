/**
 * More inputs than may be open at a time, in one pass all the same: those whose ranges do not meet are read one after the other,
 * as one input. Outputs of a run's jobs cover neighbouring pieces of its blocks, so that they often lie so.
 *
 *   each input is looked at, and those without entries are left out -> sorted by their first keys -> each goes behind the chain
 *   whose last key is the lowest, or begins one of its own; as many chains as ranges lie over each other at most
 *
 * Where ranges all meet there is nothing to gain: that shows after a few hundred looks, and then the rest is not looked at.
 */
import type { EntryCursor } from "../../shared/segment/entry.ts";
import { compareBytes } from "../../shared/segment/order.ts";
import { framedCursor } from "../../shared/segment/segment-cursor.ts";
import type { FramedCursor, WholeFrame } from "../../shared/segment/segment-cursor.ts";
import type { MergeInput, OpenInput } from "./merge.ts";

/** Of an input's keys; they may say more than there is. */
export interface Bounds {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

interface Known {
  readonly input: MergeInput;
  readonly bounds: Bounds;
}

interface Chain {
  readonly inputs: MergeInput[];
  last: Uint8Array;
}

/** At most `most` inputs that give the entries of all of these, each opened when it is its turn; null when they meet too much. */
export function chained(inputs: readonly MergeInput[], most: number): MergeInput[] | null {
  const known: Known[] = [];
  for (const [index, input] of inputs.entries()) {
    // Half as many again: enough to see that they all meet.
    if (index === most + (most >> 1) && chainsOf(known).length > most) return null;
    const bounds = input.bounds?.();
    if (bounds === undefined) return null;
    if (bounds !== null) known.push({ input, bounds });
  }
  const chains = chainsOf(known);
  return chains.length > most ? null : chains.map(chainInput);
}

function chainsOf(known: readonly Known[]): MergeInput[][] {
  const chains: Chain[] = [];
  for (const { input, bounds } of known.toSorted((a, b) => compareBytes(a.bounds.first, b.bounds.first))) {
    const chain = chains.find(({ last }) => compareBytes(last, bounds.first) < 0);
    if (chain === undefined) chains.push({ inputs: [input], last: bounds.last });
    else {
      chain.inputs.push(input);
      chain.last = bounds.last;
    }
  }
  return chains.map(({ inputs }) => inputs);
}

function chainInput(inputs: readonly MergeInput[]): MergeInput {
  return {
    open() {
      const cursor = new ChainCursor(inputs);
      return { cursor, close: () => cursor.close() };
    },
  };
}

/** One input after the other; the one in hand is open. */
class ChainCursor implements FramedCursor {
  keyBytes: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  keyEnd = 0;
  keyShared = 0;
  valueBytes: Uint8Array = this.keyBytes;
  valueStart = 0;
  valueEnd = 0;
  readonly #inputs: readonly MergeInput[];
  #next = 0;
  #open: OpenInput | null = null;
  #framed: FramedCursor | null = null;
  #holds = false;

  constructor(inputs: readonly MergeInput[]) {
    this.#inputs = inputs;
  }

  next(): boolean {
    for (;;) {
      const cursor = this.#open?.cursor;
      if (cursor?.next() === true) return this.#take(cursor, cursor.keyShared);
      this.close();
      const input = this.#inputs[this.#next++];
      if (input === undefined) return false;
      this.#open = input.open();
      this.#framed = framedCursor(this.#open.cursor);
      if (this.#holds) this.#framed?.holdFrames();
      const first = this.#open.cursor;
      if (first.next()) return this.#take(first, sharedOf(this, first));
    }
  }

  holdFrames(): void {
    this.#holds = true;
  }

  get isHeld(): boolean {
    return this.#framed?.isHeld === true;
  }

  enter(): void {
    if (this.#framed === null) return;
    this.#framed.enter();
    this.#take(this.#framed, this.keyShared);
  }

  wholeFrame(): WholeFrame | null {
    return this.#framed?.wholeFrame() ?? null;
  }

  leaveFrame(): void {
    this.#framed?.leaveFrame();
  }

  close(): void {
    this.#open?.close();
    this.#open = null;
    this.#framed = null;
  }

  #take(cursor: EntryCursor, shared: number): true {
    this.keyShared = shared;
    this.keyBytes = cursor.keyBytes;
    this.keyStart = cursor.keyStart;
    this.keyEnd = cursor.keyEnd;
    this.valueBytes = cursor.valueBytes;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
    return true;
  }
}

function sharedOf(a: EntryCursor, b: EntryCursor): number {
  const most = Math.min(a.keyEnd - a.keyStart, b.keyEnd - b.keyStart);
  let shared = 0;
  while (shared < most && a.keyBytes[a.keyStart + shared] === b.keyBytes[b.keyStart + shared]) shared += 1;
  return shared;
}
