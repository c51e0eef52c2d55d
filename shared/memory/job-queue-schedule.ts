/**
 * Which messages of a queue in memory can be had now, and when the next one can. A message comes from the group that has the
 * fewest leased, of several from the one that was served least recently; of a group's messages `Random` chooses one: nobody
 * may come to rely on another order. All steps are O(log n).
 *
 *   hidden (delayed or leased, by end) --end--> visible --take--> hidden or gone
 */
import type { Random } from "../ports/clock.ts";
import type { Lease } from "../ports/job-queue.ts";
import { Heap } from "./heap.ts";

export interface Group {
  readonly name: string;
  readonly visible: Message[];
  messages: number;
  leased: number;
  /** When it was served last; the turn of the last one served when it came. */
  turn: number;
}

export interface Message {
  readonly number: number;
  readonly group: Group;
  readonly body: string;
  deliveries: number;
  /** Of the current lease; null when nobody holds it. */
  handle: string | null;
  /** Monotonic time from which it can be had. */
  visibleAt: number;
}

export class Schedule {
  readonly #random: Random;
  /** Those that have messages, by name. */
  readonly #groups = new Map<string, Group>();
  /** Those that have visible ones. */
  readonly #turns = new Heap<Group>((a, b) => (a.leased === b.leased ? a.turn < b.turn : a.leased < b.leased));
  readonly #hidden = new Heap<Message>((a, b) => a.visibleAt < b.visibleAt);
  #turn = 0;
  #visible = 0;
  #leased = 0;
  #lastNumber = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get visible(): number {
    return this.#visible;
  }

  get leased(): number {
    return this.#leased;
  }

  get delayed(): number {
    return this.#hidden.size - this.#leased;
  }

  /** When the next hidden message is due, Infinity when there is none. */
  get nextAt(): number {
    return this.#hidden.first?.visibleAt ?? Infinity;
  }

  /** A new message, hidden until `visibleAt`. */
  add(body: string, groupName: string, visibleAt: number): Message {
    let group = this.#groups.get(groupName);
    if (group === undefined) {
      group = { name: groupName, visible: [], messages: 0, leased: 0, turn: this.#turn };
      this.#groups.set(groupName, group);
    }
    group.messages++;
    const message: Message = { number: ++this.#lastNumber, group, body, deliveries: 0, handle: null, visibleAt };
    this.#hidden.put(message);
    return message;
  }

  /** Leases a visible message. */
  take(visibleAt: number): Lease | undefined {
    const group = this.#turns.first;
    if (group === undefined) return undefined;
    const { visible } = group;
    const index = Math.floor(this.#random.float() * visible.length);
    const message = visible[index] as Message;
    visible[index] = visible.at(-1) as Message;
    visible.pop();
    this.#visible--;
    message.deliveries++;
    const handle = `${message.number}-${message.deliveries}`;
    message.handle = handle;
    group.turn = ++this.#turn;
    this.#countLeased(group, 1);
    this.extend(message, visibleAt);
    return { body: message.body, handle, receiveCount: message.deliveries };
  }

  /** A hidden message stays so until then. */
  extend(message: Message, visibleAt: number): void {
    message.visibleAt = visibleAt;
    this.#hidden.put(message);
  }

  /** A leased message is delayed until then. */
  giveBack(message: Message, visibleAt: number): void {
    this.#endLease(message);
    this.extend(message, visibleAt);
  }

  /** A leased message is gone for good. */
  remove(message: Message): void {
    const { group } = message;
    this.#endLease(message);
    this.#hidden.remove(message);
    group.messages--;
    if (group.messages === 0) this.#groups.delete(group.name);
  }

  /** Shows what is due. Answers `nextAt`. */
  advance(now: number): number {
    for (let first = this.#hidden.first; first !== undefined; first = this.#hidden.first) {
      if (first.visibleAt > now) break;
      this.#hidden.remove(first);
      this.#endLease(first);
      first.group.visible.push(first);
      this.#visible++;
      this.#turns.put(first.group);
    }
    return this.nextAt;
  }

  #endLease(message: Message): void {
    if (message.handle === null) return;
    message.handle = null;
    this.#countLeased(message.group, -1);
  }

  #countLeased(group: Group, change: number): void {
    this.#leased += change;
    group.leased += change;
    if (group.visible.length === 0) this.#turns.remove(group);
    else this.#turns.put(group);
  }
}
