/**
 * The port to a store of immutable and swapped blobs: a folder, a bucket, memory.
 *
 * Promises, alike on every store (one contract suite holds them):
 * - Read after write: a `get`, `head` or `list` begun after a write's success sees it.
 * - A write is all or nothing, at any kill point; success is said only after the bytes are durable.
 * - `create` and `swap` are atomic against every other process; of any number of racers one wins. Whatever happened on the
 *   wire (a lost reply, a conflict, a time-out), they settle it by reading before they answer.
 * - Keys that we *write* pass `checkKey`; reading and listing take whatever the store holds.
 * - Etags are opaque. Equal etags of one key mean equal bytes; the reverse is not promised.
 * - Times are the store's own clock, in ms since the epoch; they are compared with each other only, never with ours.
 */

export interface BlobInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** The store's clock, ms since the epoch. */
  readonly lastModified: number;
}

export interface Blob extends BlobInfo {
  /** Size of the whole blob is `size`; the body holds the range that was asked for. Must be consumed or `cancel`led. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Frees what an unread body holds (an open file, a socket). Safe to call twice, and after the end. */
  cancel(): void;
  readonly storeTime: number;
}

export interface GetOptions {
  /** Bytes `start` (inclusive) to `end` (exclusive). What lies past the end is left out; a start past it gives an empty body. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Fails with code `changed` unless the blob's etag is this one, at open and to the last byte. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

export type BlobBody = Uint8Array | AsyncIterable<Uint8Array> | FinishedFile;

/**
 * A local file as a body, which nobody writes to any more: a store on the same file system may give it a second name, where others
 * read it. Its own name stays its owner's, to be removed when `put` has answered.
 */
export interface FinishedFile extends AsyncIterable<Uint8Array> {
  /** Its path. */
  readonly finishedFile: string;
}

export type CreateResult =
  | { readonly created: true; readonly etag: string; readonly storeTime: number }
  | { readonly created: false; readonly existing: Uint8Array; readonly etag: string; readonly storeTime: number };

export type SwapResult =
  | { readonly swapped: true; readonly etag: string; readonly storeTime: number }
  | { readonly swapped: false; readonly storeTime: number };

export interface ListOptions {
  /** Only keys after this one, in byte order. */
  readonly after?: string;
  /** One level only: keys up to the next `/` come as `prefixes`, not as blobs. */
  readonly shallow?: boolean;
  /** False: etags are not asked for, and may be "": a folder reads small files to tell them. Default true. */
  readonly etags?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListPage {
  /** In byte order of the UTF-8 key, across pages too. */
  readonly blobs: readonly BlobInfo[];
  /** With `shallow`: the prefixes below, each ending in `/`, in byte order; else empty. */
  readonly prefixes: readonly string[];
  readonly storeTime: number;
}

/** Read access to one blob that can be handed to a child without credentials. */
export type Lent = { readonly kind: "path"; readonly path: string } | LentUrl;

export interface LentUrl {
  readonly kind: "url";
  readonly url: string;
  /** What a refusal of it is told with. */
  readonly names?: {
    /** As the store's `name`. */
    readonly store: string;
    /** As policies name the blob. */
    readonly resource: string;
    /** The profile that the credentials are of, for the command that logs in again. */
    readonly profile?: string;
  };
}

export interface BlobStore {
  /** For people and error messages, e.g. `file:/data/store`. */
  readonly name: string;
  /** Null when there is no such blob. */
  get(key: string, options?: GetOptions): Promise<Blob | null>;
  head(key: string): Promise<(BlobInfo & { readonly storeTime: number }) | null>;
  /** Writes or overwrites. */
  put(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }>;
  /** Writes if absent; otherwise answers with what is there. For records: the bytes are held in memory. */
  create(key: string, bytes: Uint8Array): Promise<CreateResult>;
  /**
   * Overwrites if the blob's etag is `expected` (null: if there is none). An answer of `swapped: false` may follow a swap of
   * our own whose reply was lost, when somebody swapped again after it: callers decide by reading.
   */
  swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult>;
  /** Every key that begins with `prefix`, page by page. Writes between pages may or may not be seen. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage>;
  /** Deletes what is there of these; absent keys are no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** Signed, or named, at this moment: ask again when it has expired. */
  lend(key: string): Promise<Lent>;
  close(): Promise<void>;
}
