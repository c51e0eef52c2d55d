/**
 * What of the data a job's decoder must be able to read. Blocks are lent one by one, when they are read; the first is lent before
 * the children start, since it tells whether the store lends URLs, or files below one folder, as it nearly always does.
 *
 *   url                          -> nothing is readable
 *   files below the data folder  -> that folder, where small ones need not be lent one by one: they are looked for at their keys; a
 *                                   file that leads out of it (a symbolic link) is found when it is lent, and then
 *   files anywhere               -> just these files, all of them lent before the children start
 */
import { lstatSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { AttemptState } from "../core/attempt-state.ts";
import type { JobBlock, JobHooks, JobTask } from "../types.ts";
import { lendFault } from "./causes.ts";

export class Readable {
  readonly #task: JobTask;
  readonly #hooks: JobHooks;
  readonly #state: AttemptState;
  readonly #realFolders = new Map<string, string>();
  #paths = new Set<string>();
  #isRemote = false;
  /** The one that the blocks lie below, as it is lent. */
  #folder: string | null = null;
  #oneByOne = false;

  constructor(task: JobTask, hooks: JobHooks, state: AttemptState) {
    this.#task = task;
    this.#hooks = hooks;
    this.#state = state;
  }

  /** Blocks are lent by URL. */
  get isRemote(): boolean {
    return this.#isRemote;
  }

  /** Small files may be read many in one go: until one of them gives nothing, since it cannot be told which. */
  get manyAtOnce(): boolean {
    return !this.#isRemote && !this.#oneByOne;
  }

  /** Each block by itself from now on. */
  oneByOne(): void {
    this.#oneByOne = true;
  }

  /** Where blocks lie at their keys, as far as is known; null when they lie anywhere. */
  get folder(): string | null {
    return this.#folder;
  }

  /** Files or folders, for the decoder's start. */
  get paths(): readonly string[] {
    return [...this.#paths];
  }

  /** Lends the first block that can be lent; those before it are struck. */
  async look(): Promise<void> {
    for (const block of this.#task.blocks) {
      const path = await this.#lend(block);
      if (path === null) continue;
      const [root, real] = [below(path, block), below(await this.#real(path), block)];
      if (root === null || real === null) return await this.widen();
      // Node compares paths as they are written, and by version also as links lead.
      this.#paths = new Set([root, real]);
      this.#folder = root;
      return;
    }
  }

  /** Whether a decoder that may read `paths` can read this file, which was lent to it. */
  async allows(path: string): Promise<boolean> {
    if (this.#folder === null) return true;
    const real = await this.#real(path);
    return [path, real].every((file) => this.paths.some((root) => file.startsWith(root + sep)));
  }

  /** Lends every block of the job, for a decoder that may read just these. */
  async widen(): Promise<void> {
    this.#folder = null;
    this.#paths = new Set();
    for (const block of this.#task.blocks) {
      const path = await this.#lend(block);
      if (path !== null) this.#paths.add(path).add(await this.#real(path));
    }
  }

  /** Null when there is no file: it could not be lent, or is lent as a URL. */
  async #lend(block: JobBlock): Promise<string | null> {
    if (this.#hooks.stop.aborted || this.#isRemote) return null;
    try {
      const lent = await this.#hooks.lend(block);
      this.#isRemote = lent.kind === "url";
      return lent.kind === "url" ? null : lent.path;
    } catch (error) {
      const fault = lendFault(block.index, block.key, error);
      if (!this.#state.strike(fault)) this.#state.failed(fault);
      return null;
    }
  }

  async #real(path: string): Promise<string> {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      return await realpath(path).catch(() => path);
    const folder = dirname(path);
    const known = this.#realFolders.get(folder) ?? (await realpath(folder).catch(() => folder));
    this.#realFolders.set(folder, known);
    return join(known, path.slice(folder.length));
  }
}

/** The folder that a block's key is below, null when its path is not its key below some folder. */
function below(path: string, { key }: JobBlock): string | null {
  const end = sep + key.split("/").join(sep);
  return path.endsWith(end) && path.length > end.length ? path.slice(0, -end.length) : null;
}
