/** Attempts of the runs that somebody looks at: read once for all who look, and again when they are older than a few refreshes. */
import { SpotfoldError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { readAttempts } from "./attempts.ts";
import type { Places } from "./places.ts";

/** They cost more than the document does. */
const refreshes = 5;
/** The one that was asked for first goes when there are more. */
const runsMax = 20;

export class AttemptsCache {
  readonly #places: Places;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #known = new Map<string, { readonly at: number; readonly json: Promise<string> }>();

  constructor(places: Places, clock: Clock, refreshMs: number) {
    this.#places = places;
    this.#clock = clock;
    this.#refreshMs = refreshMs;
  }

  /** The document as JSON. Rejects with `usage` for what is no run. */
  async of(run: string): Promise<string> {
    const now = this.#clock.monotonic();
    const known = this.#known.get(run);
    if (known !== undefined && now < known.at + refreshes * this.#refreshMs) return await known.json;
    const json = this.#read(run);
    json.catch(() => undefined);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= runsMax && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(run, { at: now, json });
    return await json;
  }

  async #read(run: string): Promise<string> {
    const look = await this.#places.look();
    if (look === null) throw new SpotfoldError("usage", "there is no such run");
    return `${JSON.stringify(await readAttempts(look, run))}\n`;
  }
}
