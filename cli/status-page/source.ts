/**
 * The document as it is sent: collected when somebody asks and what is there is older than a refresh, once for all who look.
 * While nobody looks, nothing is asked of store and queue. A failure is told to all, too, and tried again a refresh later.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Collected } from "./collect.ts";

export interface Prepared {
  readonly json: Buffer;
  readonly gzip: Buffer;
  /** Quoted, of the document's bytes. */
  readonly etag: string;
  readonly storeTime: number;
}

export interface SourceInput {
  readonly collect: () => Promise<Collected>;
  readonly clock: Clock;
  readonly refreshMs: number;
}

export class StatusSource {
  readonly #input: SourceInput;
  #latest: { readonly at: number; readonly prepared: Promise<Prepared> } | null = null;
  #isUnderWay = false;

  constructor(input: SourceInput) {
    this.#input = input;
  }

  /** Rejects with what collecting failed with. */
  async latest(): Promise<Prepared> {
    const now = this.#input.clock.monotonic();
    const isOld = this.#latest === null || now >= this.#latest.at + this.#input.refreshMs;
    if (this.#latest === null || (isOld && !this.#isUnderWay)) {
      this.#isUnderWay = true;
      const prepared = this.#prepare().finally(() => (this.#isUnderWay = false));
      // Whoever waits hears of it; when all have gone, nobody does.
      prepared.catch(() => undefined);
      this.#latest = { at: now, prepared };
    }
    return await this.#latest.prepared;
  }

  /** The next who asks has it collected anew: something was done. */
  expire(): void {
    if (!this.#isUnderWay) this.#latest = null;
  }

  async #prepare(): Promise<Prepared> {
    const { document, storeTime } = await this.#input.collect();
    const json = Buffer.from(`${JSON.stringify(document)}\n`);
    const etag = `"${createHash("sha256").update(json).digest("base64url").slice(0, etagChars)}"`;
    return { json, gzip: gzipSync(json), etag, storeTime };
  }
}

/** 132 bits: no two documents of a day are taken for one. */
const etagChars = 22;
