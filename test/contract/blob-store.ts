/**
 * The contract suite of the blob store port: every implementation passes all of it. What needs real processes (races, kills)
 * or minutes is with the implementation that has them.
 */
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { atEnd } from "../support/cleanup.ts";
import { without, type Lack } from "../support/requirements.ts";
import { keysAndNames } from "./blob-store-keys.ts";
import { lists } from "./blob-store-lists.ts";
import { reads } from "./blob-store-reads.ts";
import { writes } from "./blob-store-writes.ts";

export interface BlobStoreContractOptions {
  /** How long a reader stands still in the middle of a body. The long suite takes a minute. Default 500. */
  readonly pauseMs?: number;
  /** Of the keys that it takes; known when the first test runs. Default 1,024. */
  readonly keyBytesMax?: () => number;
  /** What the server behind it is known not to do. */
  readonly lacks?: readonly Lack[];
}

/** What each part of the suite is given. */
export interface Contract {
  /** An empty store, closed at the end of the test. */
  readonly store: () => Promise<BlobStore>;
  readonly pauseMs: number;
  readonly keyBytesMax: () => number;
}

/** `makeStore` gives an empty store each time it is called. */
export function blobStoreContract(
  name: string,
  makeStore: () => BlobStore | Promise<BlobStore>,
  options: BlobStoreContractOptions = {},
): void {
  const contract: Contract = {
    pauseMs: options.pauseMs ?? 500,
    keyBytesMax: options.keyBytesMax ?? (() => 1_024),
    async store() {
      const store = await makeStore();
      atEnd(() => store.close());
      return store;
    },
  };
  const suite = describe(`BlobStore contract: ${name}`, () => {
    keysAndNames(contract);
    reads(contract);
    writes(contract);
    lists(contract);
  });
  without(suite, options.lacks ?? []);
}
