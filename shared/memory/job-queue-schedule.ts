/**
 * Which messages of a queue in memory can be had now, and when the next one can. Visible messages are given out in an order
 * that `Random` chooses: nobody may come to rely on another. All steps are O(log n).
 *
 *   waiting (delayed or leased, by end) --end--> visible --take--> waiting or gone
 */
import type { Random } from "../ports/clock.ts";

export interface Message {
  readonly number: number;
  readonly body: string;
  deliveries: number;
  /** Of the current lease; null when nobody holds it. */
  handle: string | null;
  /** Monotonic time from which it can be had. */
  visibleAt: number;
}

interface Wait {
  readonly at: number;
  readonly message: Message;
}

export class Schedule {
  readonly #random: Random;
  readonly #visible: Message[] = [];
  /** A binary heap by `at`. An entry whose message has another `visibleAt` by now, or is gone, is left over: skipped. */
  readonly #waits: Wait[] = [];
  readonly #waiting = new Set<Message>();

  constructor(random: Random) {
    this.#random = random;
  }

  get visibleCount(): number {
    return this.#visible.length;
  }

  get waiting(): Iterable<Message> {
    return this.#waiting;
  }

  /** No hidden message is due before this. */
  get nextAt(): number {
    return this.#waits[0]?.at ?? Infinity;
  }

  show(message: Message): void {
    message.handle = null;
    this.#waiting.delete(message);
    this.#visible.push(message);
  }

  /** Hides the message until `message.visibleAt`; also used to change when a hidden one comes back. */
  hide(message: Message): void {
    this.#waiting.add(message);
    const waits = this.#waits;
    let index = waits.length;
    const wait = { at: message.visibleAt, message };
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = waits[parent] as Wait;
      if (above.at <= wait.at) break;
      waits[index] = above;
      index = parent;
    }
    waits[index] = wait;
  }

  /** A hidden message is gone for good. */
  remove(message: Message): void {
    this.#waiting.delete(message);
  }

  take(): Message | undefined {
    const last = this.#visible.length - 1;
    if (last < 0) return undefined;
    const index = Math.floor(this.#random.float() * (last + 1));
    const message = this.#visible[index] as Message;
    this.#visible[index] = this.#visible[last] as Message;
    this.#visible.pop();
    return message;
  }

  /** Shows what is due. Gives the time at which the next hidden message is, Infinity when there is none. */
  advance(now: number): number {
    for (let first = this.#waits[0]; first !== undefined; first = this.#waits[0]) {
      const { at, message } = first;
      const stands = message.visibleAt === at && this.#waiting.has(message);
      if (stands && at > now) return at;
      this.#dropFirst();
      if (stands) this.show(message);
    }
    return Infinity;
  }

  #dropFirst(): void {
    const waits = this.#waits;
    const moved = waits.pop() as Wait;
    if (waits.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = waits[child];
      if (left === undefined) break;
      const right = waits[child + 1];
      let least = left;
      if (right !== undefined && right.at < left.at) {
        least = right;
        child += 1;
      }
      if (least.at >= moved.at) break;
      waits[index] = least;
      index = child;
    }
    waits[index] = moved;
  }
}
