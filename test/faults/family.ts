/**
 * The processes that descend from one that a test started, found by their parents' ids in /proc (Linux), never by a name. A
 * process is known by its id and its start: an id alone may be somebody else's by the time it is used.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "../support/cleanup.ts";

export type Role = "run" | "master" | "worker" | "executor" | "decoder";

export interface Member {
  readonly pid: number;
  readonly parent: number;
  /** In ticks since the machine started. */
  readonly start: string;
  readonly state: string;
}

const lookMs = 10;
/** A worker that is orphaned drains first; an executor that cannot tell whether it is one gives up after 20 s. */
const goneMs = 40_000;

/** Null when there is no such process. */
function memberOf(pid: number): Member | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, state: fields[0] ?? "", parent: Number(fields[1]), start: fields[19] ?? "" };
  } catch {
    return null;
  }
}

export function isAlive(member: Member): boolean {
  const now = memberOf(member.pid);
  return now !== null && now.start === member.start && now.state !== "Z" && now.state !== "X";
}

/** What a living process of ours is, by the program that it was started with. */
export function roleOf({ pid }: Member): Role | null {
  let words: string[];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return null;
  }
  const program = words.findIndex((word) =>
    /\/(?:cli\/main|children\/(?:executor|decoder)|bin\/spotfold)\.[cm]?[jt]s$/.test(word),
  );
  const child = /\/children\/(executor|decoder)\./.exec(words[program] ?? "")?.[1];
  const command = child ?? words[program + 1];
  return command === "run" ||
    command === "master" ||
    command === "worker" ||
    command === "executor" ||
    command === "decoder"
    ? command
    : null;
}

/** Watches a process and all that comes from it, and remembers whom it saw. */
export class Family {
  readonly #root: Member;
  readonly #seen = new Map<string, Member>();

  constructor(root: number) {
    const member = memberOf(root);
    if (member === null) throw new Error(`there is no process ${root}`);
    this.#root = member;
    this.#seen.set(keyOf(member), member);
    atEnd(() => this.killAll());
  }

  /** The living ones, those of children that are orphans by now included. */
  look(): Member[] {
    const all = readdirSync("/proc")
      .filter((name) => /^[0-9]+$/.test(name))
      .flatMap((name) => memberOf(Number(name)) ?? []);
    for (let found = true; found;) {
      found = false;
      const parents = new Set([...this.#seen.values()].map(({ pid }) => pid));
      for (const member of all) {
        // An id that is used again cannot have an older child.
        if (!parents.has(member.parent) || this.#seen.has(keyOf(member)) || isOlder(member, this.#root)) continue;
        this.#seen.set(keyOf(member), member);
        found = true;
      }
    }
    return [...this.#seen.values()].filter(isAlive);
  }

  get ended(): boolean {
    return !isAlive(this.#root);
  }

  /** Waits for the n-th process of a role (from 1) to appear; null when the root ends first. */
  async appearance(role: Role, nth: number): Promise<Member | null> {
    const met = new Set<string>();
    while (!this.ended) {
      for (const member of this.look()) {
        if (roleOf(member) !== role || met.has(keyOf(member))) continue;
        met.add(keyOf(member));
        if (met.size === nth) return member;
      }
      await sleep(lookMs);
    }
    return null;
  }

  signal(member: Member, signal: NodeJS.Signals): boolean {
    if (!isAlive(member)) return false;
    try {
      return process.kill(member.pid, signal);
    } catch {
      return false;
    }
  }

  killAll(): void {
    for (const member of this.look()) this.signal(member, "SIGKILL");
  }

  /** Nobody outlives the command for long. */
  async assertGone(): Promise<void> {
    const until = performance.now() + goneMs;
    let left = this.look();
    while (left.length > 0 && performance.now() < until) {
      await sleep(lookMs * 5);
      left = this.look();
    }
    const shown = left.map((member) => `${roleOf(member)} ${member.pid}, state ${memberOf(member.pid)?.state}`);
    assert.deepEqual(shown, [], "processes that nobody ended");
  }
}

function keyOf({ pid, start }: Member): string {
  return `${pid}@${start}`;
}

function isOlder(a: Member, b: Member): boolean {
  return Number(a.start) < Number(b.start);
}
