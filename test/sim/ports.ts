/** The ports of a simulated process: what memory holds, seen through `SimProcess.call`. */
import { SpotfoldError } from "../../shared/errors.ts";
import type {
  Blob,
  BlobBody,
  BlobInfo,
  BlobStore,
  CreateResult,
  GetOptions,
  Lent,
  ListOptions,
  ListPage,
  SwapResult,
} from "../../shared/ports/blob-store.ts";
import type {
  EntryResult,
  JobQueue,
  Lease,
  LeaseOptions,
  OutgoingMessage,
  QueueCounts,
} from "../../shared/ports/job-queue.ts";
import type { SimProcess } from "./process.ts";

/** How often an adapter tries `create` and `swap` again before it gives up. */
const settleTries = 3;

/** What a key is of, for labels: `aggregates/a/attempts/...` -> `attempts`. */
function kindOf(key: string): string {
  const parts = key.split("/");
  if (parts[0] === "aggregates") return parts[2] === "attempts" ? `attempts ${parts.at(-1)}` : (parts[2] ?? "");
  if (parts[0] === "runs") return parts[2] ?? "runs";
  return parts[0] === "" ? "all" : (parts[0] ?? "");
}

export class SimStore implements BlobStore {
  readonly name: string;
  readonly #inner: BlobStore;
  readonly #process: SimProcess;
  readonly #label: string;
  readonly #undoOf: (key: string) => () => void;

  /** `undoOf` answers, before a write of `key`, how to take it back. */
  constructor(
    label: string,
    inner: BlobStore,
    process: SimProcess,
    undoOf: (key: string) => () => void = () => () => {},
  ) {
    this.name = label;
    this.#undoOf = undoOf;
    this.#label = label;
    this.#inner = inner;
    this.#process = process;
  }

  async #call<T>(operation: string, key: string, effect: () => T | Promise<T>): Promise<T> {
    const kind = this.#label === "store" ? ` ${kindOf(key)}` : "";
    const writes = operation === "put" || operation === "create" || operation === "swap" || operation === "delete";
    return await this.#process.call(
      `${this.#label}.${operation}${kind}`,
      effect,
      writes ? () => this.#undoOf(key) : undefined,
    );
  }

  async get(key: string, options?: GetOptions): Promise<Blob | null> {
    return await this.#call("get", key, async () => await this.#inner.get(key, options));
  }

  async head(key: string): Promise<(BlobInfo & { readonly storeTime: number }) | null> {
    return await this.#call("head", key, async () => await this.#inner.head(key));
  }

  async put(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }> {
    const bytes = body instanceof Uint8Array ? body : await gathered(body);
    return await this.#call("put", key, async () => await this.#inner.put(key, bytes));
  }

  /** An adapter's promise is kept as an adapter keeps it: whatever happened on the wire is settled by reading. */
  async create(key: string, bytes: Uint8Array): Promise<CreateResult> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#call("create", key, async () => await this.#inner.create(key, bytes));
      } catch (error) {
        const there = await this.get(key);
        if (there !== null) {
          const existing = await gathered(there.body);
          return { created: false, existing, etag: there.etag, storeTime: there.storeTime };
        }
        if (tries === settleTries) throw error;
      }
    }
  }

  async swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#call("swap", key, async () => await this.#inner.swap(key, bytes, expected));
      } catch (error) {
        const there = await this.get(key);
        if (there !== null && Buffer.compare(await gathered(there.body), bytes) === 0) {
          return { swapped: true, etag: there.etag, storeTime: there.storeTime };
        }
        if ((there?.etag ?? null) !== expected) return { swapped: false, storeTime: there?.storeTime ?? 0 };
        if (tries === settleTries) throw error;
      }
    }
  }

  /** Page by page, with whatever others write between. */
  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const pages = this.#inner.list(prefix, options)[Symbol.asyncIterator]();
    for (;;) {
      const page = await this.#call("list", prefix, async () => await pages.next());
      if (page.done === true) return;
      yield page.value;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#call("delete", keys[0] ?? "", async () => await this.#inner.delete(keys));
  }

  async lend(key: string): Promise<Lent> {
    return await this.#call("lend", key, async () => await this.#inner.lend(key));
  }

  async close(): Promise<void> {}
}

export async function gathered(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export class SimQueue implements JobQueue {
  readonly name: string;
  readonly #inner: JobQueue;
  readonly #process: SimProcess;

  constructor(name: string, inner: JobQueue, process: SimProcess) {
    this.name = name;
    this.#inner = inner;
    this.#process = process;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]> {
    return await this.#process.call(`${this.name}.send`, async () => await this.#inner.send(messages));
  }

  async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
    const { signal, ...rest } = options;
    try {
      return await this.#process.call(`${this.name}.lease`, async () => {
        // A caller that is gone cannot abort: messages that it was given stay leased until their time is over.
        return await this.#inner.lease(max, signal === undefined ? rest : { ...rest, signal });
      });
    } catch (error) {
      if (signal?.aborted === true) return [];
      throw error;
    }
  }

  async extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]> {
    return await this.#process.call(`${this.name}.extend`, async () => await this.#inner.extend(entries));
  }

  async acknowledge(handles: readonly string[]): Promise<EntryResult[]> {
    return await this.#process.call(`${this.name}.acknowledge`, async () => await this.#inner.acknowledge(handles));
  }

  async release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]> {
    return await this.#process.call(`${this.name}.release`, async () => await this.#inner.release(entries));
  }

  async counts(): Promise<QueueCounts> {
    return await this.#process.call(`${this.name}.counts`, async () => await this.#inner.counts());
  }

  async close(): Promise<void> {}
}

/** What a store in trouble says. */
export const outage = new SpotfoldError("store-unavailable", "the store does not answer", { retryable: true });
export const accessDenied = new SpotfoldError("access-denied", "access to the data is denied", {});
