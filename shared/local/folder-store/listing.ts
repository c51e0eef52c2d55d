/**
 * Pages of a list: what the walk finds, with size, etag and time. A file that is gone when we look at it is left out: it was
 * deleted while the list went on. Looking is synchronous, in slices: a hundred calls to the kernel cost less than one
 * trip through the thread pool each, and the event loop goes on in between.
 */
import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BlobInfo, ListOptions, ListPage } from "../../ports/blob-store.ts";
import { meansAbsent } from "../system-errors.ts";
import { notedBytesMin } from "./etags.ts";
import type { Etags } from "./etags.ts";
import { checkRoot, identityOfFolder, openForReading } from "./reading.ts";
import type { ReadingOptions } from "./reading.ts";
import { walk } from "./walk.ts";

/** As many as S3 gives. */
const pageEntriesMax = 1000;
/** Files looked at before other work of the process gets its turn: about a millisecond. */
const sliceEntries = 50;

export interface ListingOptions {
  readonly prefix: string;
  readonly options: ListOptions;
  readonly etags: Etags;
  readonly reading: ReadingOptions;
}

/** At least one page, also when there is nothing. */
export async function* listPages({ prefix, options, etags, reading }: ListingOptions): AsyncGenerator<ListPage> {
  const { signal, after = "", shallow = false, etags: asked = true } = options;
  const { places } = reading;
  checkRoot(reading);
  const beside = identityOfFolder(places.beside) !== undefined;
  let blobs: BlobInfo[] = [];
  let prefixes: string[] = [];
  let looked = 0;
  for await (const found of walk({ places, prefix, after, shallow, beside })) {
    if (looked++ % sliceEntries === 0) {
      signal?.throwIfAborted();
      await nextTurn();
    }
    if (found.kind === "prefix") prefixes.push(found.prefix);
    else {
      const info = await infoAt(found.key, found.path, asked ? etags : null, reading);
      if (info !== undefined) blobs.push(info);
    }
    if (blobs.length + prefixes.length < pageEntriesMax) continue;
    yield { blobs, prefixes, storeTime: Date.now() };
    blobs = [];
    prefixes = [];
  }
  signal?.throwIfAborted();
  // A disk unmounted on the way must not look like the end.
  checkRoot(reading);
  yield { blobs, prefixes, storeTime: Date.now() };
}

/** Without `etags`, none is told. */
async function infoAt(
  key: string,
  path: string,
  etags: Etags | null,
  reading: ReadingOptions,
): Promise<BlobInfo | undefined> {
  for (;;) {
    const stats = statAt(path);
    if (stats === undefined || !stats.isFile()) return undefined;
    if (etags === null) return { key, size: Number(stats.size), etag: "", lastModified: Number(stats.mtimeMs) };
    const small = stats.size < BigInt(notedBytesMin);
    const etag = etags.known(key, path, stats) ?? (small ? etags.ofSmall(path, stats) : undefined);
    if (etag !== undefined) return { key, size: Number(stats.size), etag, lastModified: Number(stats.mtimeMs) };
    // Replaced between two looks: look again. A large file without a note is read, and then it has one.
    if (small) continue;
    const file = await openForReading(key, reading);
    if (file === undefined) return undefined;
    try {
      const read = await etags.of(key, file.path, file.handle, file.stats);
      return { key, size: Number(file.stats.size), etag: read, lastModified: Number(file.stats.mtimeMs) };
    } finally {
      await file.handle.close();
    }
  }
}

function statAt(path: string): ReturnType<typeof statBig> | undefined {
  try {
    return statBig(path);
  } catch (error) {
    if (meansAbsent(error)) return undefined;
    throw error;
  }
}

function statBig(path: string) {
  return statSync(path, { bigint: true });
}
