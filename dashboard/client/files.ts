/**
 * Reads the files of a published site. Files below a unit's folder never change, so each is asked for once; the pointer and
 * what stands beside it are asked for anew each time.
 */
import { publishAgain, SiteFault } from "./site-fault.ts";

/** Enough for a comparison of many measures; a page that stays open for days must not keep all that it ever showed. */
const keptMax = 64;

/** `reload`: past whatever keeps copies, for one of them may be what is broken. */
type Cache = "default" | "no-cache" | "reload";

/** What is needed of `fetch`, and all that a test has to give. */
export type Fetch = (
  url: string,
  init: { readonly cache: Cache },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

export class Files {
  readonly #base: string;
  readonly #fetch: Fetch;
  /** Oldest first. */
  readonly #kept = new Map<string, Promise<unknown>>();
  /** Of no use when they were last read. */
  readonly #refused = new Set<string>();

  /** `base`: the address of the site's folder. */
  constructor(base: string, fetch: Fetch) {
    this.#base = base.endsWith("/") ? base : `${base}/`;
    this.#fetch = fetch;
  }

  /** A file of a unit's folder. Rejects with a SiteFault, and asks again the next time. */
  async immutable(path: string): Promise<unknown> {
    const known = this.#kept.get(path);
    if (known !== undefined) return await known;
    const asked = this.#read(path, this.#refused.has(path) ? "reload" : "default");
    this.#kept.set(path, asked);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
    try {
      const read = await asked;
      this.#refused.delete(path);
      return read;
    } catch (error) {
      if (this.#kept.get(path) === asked) this.refuse(path);
      throw error;
    }
  }

  /** What was read is not what belongs there: it is asked for again the next time. */
  refuse(path: string): void {
    this.#kept.delete(path);
    this.#refused.add(path);
  }

  /** A file that is swapped: its newest version. Rejects with a SiteFault. */
  async newest(path: string): Promise<unknown> {
    return await this.#read(path, "no-cache");
  }

  async #read(path: string, cache: Cache): Promise<unknown> {
    const url = this.#base + path.split("/").map(encodeURIComponent).join("/");
    const text = await this.#text(path, url, cache);
    if (text.trim() === "") throw new SiteFault("empty", path, "is empty", publishAgain);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new SiteFault("damaged", path, "is not whole: it is no JSON from its beginning to its end", publishAgain);
    }
  }

  async #text(path: string, url: string, cache: Cache): Promise<string> {
    let answer: Awaited<ReturnType<Fetch>>;
    try {
      answer = await this.#fetch(url, { cache });
      if (answer.ok) return await answer.text();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SiteFault("unreachable", path, `could not be read: ${why}`, "look at the network, and try again");
    }
    const known = answer.status === 404 || answer.status === 403;
    throw new SiteFault(
      known ? "absent" : "unreachable",
      path,
      known ? "is not there" : `was not given: the server answered ${answer.status}`,
      known ? publishAgain : "try again; the server's log may say why",
    );
  }
}
