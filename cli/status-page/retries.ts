/**
 * Which of the runs that are shown try again what was missing, and by which reasons: their `run.json` says it. One never changes, so it
 * is read once; of many that are new, some at each refresh, the first ones first.
 */
import type { RunLine } from "../../dashboard/status/document.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRunIfKnown } from "../../shared/read-run.ts";

/** Read at one refresh, all at once: the document is not to wait for hundreds. */
const readsMax = 20;

export class Retries {
  #known = new Map<string, readonly string[] | null | undefined>();

  /** The same lines, with `retry` where it is known. Throws what the store throws. */
  async toldOf(store: BlobStore, lines: readonly RunLine[]): Promise<readonly RunLine[]> {
    const unread = lines.filter(({ run }) => !this.#known.has(run)).slice(0, readsMax);
    await Promise.all(
      unread.map(async ({ run }) => {
        const spec = await readRunIfKnown(store, run);
        this.#known.set(run, spec === null ? undefined : (spec.retry ?? null));
      }),
    );
    // Of runs that are no longer shown nothing is kept.
    this.#known = new Map(lines.flatMap(({ run }) => (this.#known.has(run) ? [[run, this.#known.get(run)]] : [])));
    return lines.map((line) => {
      const retry = this.#known.get(line.run);
      return retry === undefined ? line : { ...line, retry };
    });
  }
}
