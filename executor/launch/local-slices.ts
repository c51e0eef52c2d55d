/**
 * Segments as files. Children read files only: what a store does not have as files is fetched first, each segment once. By the
 * store itself, not by a URL: it goes on after a cut, signs anew when credentials change, knows the proxy, and says in words
 * what it is refused.
 *
 * The first failure ends the other fetches, and is thrown when they have ended: nobody writes into the folder any more.
 */
import { createWriteStream } from "node:fs";
import { realpath, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";
import type { BlobStore, Lent } from "../../shared/ports/blob-store.ts";
import type { ChildSlice } from "../children/protocol.ts";
import type { SegmentSlice } from "../types.ts";

/**
 * At once. Most segments are small, so that a fetch is mostly waiting for its answer: eight make 256 of them a matter of
 * seconds, and leave most of a store's connections to whatever else goes on.
 */
export const fetchesMax = 8;

/**
 * Bytes of the paths that a child is told of one by one, in its arguments: all of these have 1 MB on macOS, 2 MB on Linux. What
 * goes beyond is linked into its folder, which it may read: Node's permission model follows links. A link is a file that is made
 * and removed again, and costs twenty times what an argument does.
 */
export const namedBytesMax = 384 * 1024;

/** Of an argument besides its path: `--allow-fs-read=`, its end, and the system's pointer to it. */
const argumentBytes = 25;

/** The slices in their order, with paths that may be read; `folder` holds what had to be fetched, or links. */
export async function localSlices(
  slices: readonly SegmentSlice[],
  folder: string,
  bytesMax: number = namedBytesMax,
): Promise<ChildSlice[]> {
  const segments = new Map(slices.map((slice) => [slice.key, slice]));
  const paths = new Map<string, string>();
  const lender = new Lender();
  const stop = new AbortController();
  const failures: unknown[] = [];
  const waiting = [...segments.values()].entries();
  let namedBytes = 0;
  const work = async (): Promise<void> => {
    for (const [index, { store, key }] of waiting) {
      if (stop.signal.aborted) return;
      let path = await lender.pathOf(store, key);
      const own = join(folder, `slice-${index}`);
      if (path === null) {
        await fetchTo(store, key, own, stop.signal);
        path = own;
      } else {
        namedBytes += Buffer.byteLength(path) + argumentBytes;
        if (namedBytes > bytesMax) {
          await symlink(path, own);
          path = own;
        }
      }
      paths.set(key, path);
    }
  };
  const guarded = async (): Promise<void> => {
    await work().catch((error: unknown) => {
      failures.push(error);
      stop.abort();
    });
  };
  await Promise.all(Array.from({ length: fetchesMax }, guarded));
  if (failures.length > 0) throw failures[0];
  return slices.map(({ key, partition }) => ({ partition, path: paths.get(key) ?? "" }));
}

/** A store that has one blob as no file has none as a file: it is not asked again, since it signs a URL for each answer. */
class Lender {
  readonly #firsts = new Map<BlobStore, Promise<Lent>>();

  /** Null: it must be fetched. */
  async pathOf(store: BlobStore, key: string): Promise<string | null> {
    const first = this.#firsts.get(store);
    if (first !== undefined && (await first).kind === "url") return null;
    const asked = store.lend(key);
    if (first === undefined) this.#firsts.set(store, asked);
    const lent = await asked;
    return lent.kind === "path" ? await realpath(lent.path) : null;
  }
}

async function fetchTo(store: BlobStore, key: string, path: string, signal: AbortSignal): Promise<void> {
  const blob = await store.get(key, { signal });
  if (blob === null) throw new SpotfoldError("absent", `${store.name} has no ${key}`, { context: { key } });
  try {
    await pipeline(blob.body, createWriteStream(path, { flags: "wx" }), { signal });
  } catch (error) {
    // Our own disk: what the store failed with has its words already.
    throw translated(error, { store: store.name, key, path });
  } finally {
    blob.cancel();
  }
}
