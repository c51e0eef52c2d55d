/**
 * Syncs folders, so that a new name outlives a power loss. One sync serves all who asked before it began: a hundred
 * concurrent writes into one folder cost two or three.
 *
 * A folder that this process has not synced before may itself be new (made by us, or by another process that has not
 * synced it yet), so the folders above it are synced as well, up to the root. A folder is known by its inode: one that was
 * removed and made anew is unknown again.
 */
import { dirname } from "node:path";
import type { FolderDisk } from "./disk.ts";
import { meansAbsent } from "../system-errors.ts";

/** Folders remembered as synced. When there are more, all are forgotten: that costs a few syncs, no memory. */
const knownFoldersMax = 10_000;

interface Running {
  readonly current: Promise<void>;
  next: Promise<void> | undefined;
}

export class FolderSync {
  readonly #disk: FolderDisk;
  readonly #root: string;
  readonly #running = new Map<string, Running>();
  readonly #known = new Map<string, bigint>();

  /** Nothing above `root` is ever synced. */
  constructor(disk: FolderDisk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Resolves when every entry that the folder had at the time of the call is durable. */
  sync(folder: string): Promise<void> {
    const running = this.#running.get(folder);
    if (running === undefined) return this.#start(folder);
    // The one that runs may have begun before our entry was made.
    running.next ??= running.current.then(
      () => this.#start(folder),
      () => this.#start(folder),
    );
    return running.next;
  }

  #start(folder: string): Promise<void> {
    const current = this.#syncChain(folder).finally(() => {
      if (this.#running.get(folder)?.current === current) this.#running.delete(folder);
    });
    this.#running.set(folder, { current, next: undefined });
    return current;
  }

  async #syncChain(folder: string): Promise<void> {
    const fresh: [string, bigint][] = [];
    for (let path = folder; ; path = dirname(path)) {
      const inode = await this.#syncOne(path);
      if (inode !== undefined && this.#known.get(path) === inode) break;
      if (inode !== undefined) fresh.push([path, inode]);
      if (path === this.#root) break;
    }
    if (this.#known.size >= knownFoldersMax) this.#known.clear();
    // Only now: known means that everything above is durable as well.
    for (const [path, inode] of fresh) this.#known.set(path, inode);
  }

  async #syncOne(path: string): Promise<bigint | undefined> {
    try {
      return await this.#disk.syncAt(path);
    } catch (error) {
      // Emptied and removed since: what is left to sync is its removal.
      if (meansAbsent(error) && path !== this.#root) return undefined;
      throw error;
    }
  }
}
