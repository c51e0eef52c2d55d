/** `runs/<run>/run.json` of the runs that a worker works on: created once and never changed, so each is read once. */
import { runKey } from "../shared/names.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import { readAll } from "../shared/read-all.ts";

/** Few runs are open at once, and a record may carry parameters of some size. The one read first goes first. */
const recordsMax = 16;

export class RunRecords {
  readonly #store: BlobStore;
  readonly #known = new Map<string, Uint8Array>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Null when there is none: that is asked again. Whether the run is held or closed, its hold says, which is not kept. */
  async read(run: string): Promise<Uint8Array | null> {
    const known = this.#known.get(run);
    if (known !== undefined) return known;
    const blob = await readAll(this.#store, runKey(run));
    if (blob === null) return null;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < recordsMax) break;
      this.#known.delete(oldest);
    }
    this.#known.set(run, blob.bytes);
    return blob.bytes;
  }
}
