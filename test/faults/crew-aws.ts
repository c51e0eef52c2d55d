/**
 * Masters and workers of one site, as real processes that may be killed and started again, as systemd would; and runs for them:
 * the first by `submit`, others as its copies under other names, which cost no process.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../shared/errors.ts";
import { parseRun, type RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { Started } from "../support/processes.ts";
import type { CloudSite } from "./cloud.ts";
import { Family, roleOf, type Member, type Role } from "./family.ts";
import type { Site } from "./site.ts";

const startMsMax = 120_000;
const drainMsMax = 120_000;
/** Each look reads all of /proc, for each daemon. */
const lookMs = 30;
const logCharsShown = 2_500;

export class Daemon {
  readonly words: readonly string[];
  readonly #site: Site;
  #started: Started;
  #families: Family[];

  private constructor(site: Site, words: readonly string[], started: Started) {
    this.words = words;
    this.#site = site;
    this.#started = started;
    this.#families = [new Family(started.pid)];
  }

  static async start(site: Site, words: readonly string[]): Promise<Daemon> {
    const daemon = new Daemon(site, words, await site.start(words));
    await daemon.#ready();
    return daemon;
  }

  get pid(): number {
    return this.#started.pid;
  }

  /** Of this life. */
  get log(): string {
    return this.#started.stderr();
  }

  get ended(): boolean {
    return this.family.ended;
  }

  /** Of this life. */
  get family(): Family {
    return this.#families.at(-1) as Family;
  }

  signal(signal: NodeJS.Signals): void {
    this.#started.kill(signal);
  }

  /** A worker with a job in hand. Its children alone do not tell: they wait for the next one. */
  get isAtWork(): boolean {
    const times = (event: string): number => this.log.split(`"event":"${event}"`).length;
    return times("job-started") > times("job-ended");
  }

  async waitFor(pattern: RegExp, waitMs: number = startMsMax): Promise<void> {
    await this.#started.waitFor(pattern, waitMs);
  }

  /** When it has ended, by whatever. */
  async startAgain(): Promise<void> {
    await this.#started.waitForEnd(drainMsMax);
    this.#started = await this.#site.start(this.words);
    this.#families.push(new Family(this.#started.pid));
    await this.#ready();
  }

  async drain(): Promise<void> {
    this.signal("SIGTERM");
    const end = await this.#started.waitForEnd(drainMsMax);
    assert.equal(end.code, 0, `${this.words.join(" ")}: ${end.stderr.slice(-logCharsShown)}`);
  }

  async assertGone(): Promise<void> {
    for (const family of this.#families) await family.assertGone();
  }

  async #ready(): Promise<void> {
    await this.#started.waitFor(/"daemon-started"/, startMsMax);
  }
}

export class Crew {
  readonly daemons: readonly Daemon[];
  readonly site: CloudSite;
  readonly #request: readonly string[];
  #spec: RunSpec | null = null;
  #runs = 0;

  private constructor(site: CloudSite, request: readonly string[], daemons: readonly Daemon[]) {
    this.site = site;
    this.#request = request;
    this.daemons = daemons;
  }

  /** `request`: what `submit` is given, without its aggregate. */
  static async start(
    site: CloudSite,
    request: readonly string[],
    counts: { readonly masters: number; readonly workers: number },
  ): Promise<Crew> {
    const words = [
      ...Array.from({ length: counts.masters }, () => ["master"]),
      ...Array.from({ length: counts.workers }, () => ["worker", "--slots", "1"]),
    ];
    return new Crew(site, request, await Promise.all(words.map(async (each) => await Daemon.start(site, each))));
  }

  of(role: "master" | "worker"): Daemon[] {
    return this.daemons.filter(({ words }) => words[0] === role);
  }

  async submit(aggregate: string): Promise<void> {
    const store = await this.site.store();
    if (this.#spec === null) {
      const ended = await this.site.call(["submit", ...this.#request, "--into", aggregate, "--json"]);
      assert.equal(ended.code, 0, ended.stderr + ended.stdout);
      const { run } = JSON.parse(ended.stdout) as { run: string };
      this.#spec = parseRun(run, (await readAll(store, runKey(run)))?.bytes ?? new Uint8Array());
      return;
    }
    const spec: RunSpec = { ...this.#spec, aggregate, run: `${this.#spec.run}-${++this.#runs}` };
    await store.create(runKey(spec.run), encodeStored(spec));
    await store.put(inboxKey(spec.run), Buffer.from("{}"));
  }

  /** A living child of any of `daemons` that is at work, as soon as there is one; null when there was none for so long. */
  async child(role: Role, waitMs: number, daemons: readonly Daemon[] = this.daemons): Promise<ChildFound | null> {
    for (const until = performance.now() + waitMs; performance.now() < until; await sleep(lookMs)) {
      for (const daemon of daemons) {
        if (!daemon.isAtWork) continue;
        const member = daemon.family.look().find((candidate) => roleOf(candidate) === role);
        if (member !== undefined) return { daemon, member };
      }
    }
    return null;
  }

  /** A failure of `act` shows the end of each daemon's log. */
  async watched<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const logs = this.daemons.map(({ words, log }) => `--- ${words.join(" ")}\n${log.slice(-logCharsShown)}`);
      throw new Error(`${messageOf(error)}\n${logs.join("\n")}`, { cause: error });
    }
  }

  /** All drain, with exit code 0, and nobody is left behind. */
  async drain(): Promise<void> {
    await Promise.all(this.daemons.map(async (daemon) => await daemon.drain()));
    for (const daemon of this.daemons) await daemon.assertGone();
  }
}

export interface ChildFound {
  readonly daemon: Daemon;
  readonly member: Member;
}
