/**
 * Bundles and inputs as local files: fetched once from the store, verified by SHA-256 each time before they are used, fetched
 * again when they are damaged. A file gets its name by a rename, so a killed fetch leaves nothing that looks whole; what it
 * leaves is removed when the cache is opened later.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BundleRef } from "../../executor/types.ts";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { makeFolders } from "../../shared/local/make-folders.ts";
import { bundleKey, inputKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Random } from "../../shared/ports/clock.ts";
import type { BundleCache } from "../../worker/context.ts";

export interface FileBundleCacheOptions {
  readonly store: BlobStore;
  /** Shared by all processes of this machine that work on the store. */
  readonly folder: string;
  readonly random: Random;
}

/** What a run names of its code: enough to run it. */
export type RunCode = Pick<RunSpec, "bundle" | "params" | "inputs">;

export class FileBundleCache implements BundleCache {
  readonly #options: FileBundleCacheOptions;
  readonly #fetching = new Map<string, Promise<string>>();

  constructor(options: FileBundleCacheOptions) {
    this.#options = options;
  }

  async fetch(spec: RunCode): Promise<BundleRef> {
    const [path, inputs] = await Promise.all([
      this.#file(bundleKey(spec.bundle), spec.bundle, ".mjs"),
      Promise.all(
        spec.inputs.map(async ({ name, sha256 }) => ({ name, path: await this.#file(inputKey(sha256), sha256, "") })),
      ),
    ]);
    return { sha256: spec.bundle, path, params: spec.params, inputs };
  }

  /** Concurrent jobs share one look and one fetch. */
  #file(key: string, sha256: string, suffix: string): Promise<string> {
    let file = this.#fetching.get(key);
    if (file === undefined) {
      file = this.#verified(key, sha256, suffix).finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, file);
    }
    return file;
  }

  async #verified(key: string, sha256: string, suffix: string): Promise<string> {
    const path = join(this.#options.folder, `${sha256}${suffix}`);
    if ((await digestOfFile(path)) === sha256) return path;
    makeFolders(this.#options.folder);
    const temporary = `${path}.${this.#options.random.hex(16)}`;
    try {
      const digest = await this.#download(key, temporary);
      if (digest !== sha256) {
        throw new SpotfoldError("corrupt", `${key} in ${this.#options.store.name} is not what its name says`, {
          hint: "Something outside Spotfold changed it: delete it, and submit again.",
        });
      }
      await rename(temporary, path);
      return path;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #download(key: string, path: string): Promise<string> {
    const { store } = this.#options;
    const blob = await store.get(key);
    if (blob === null) {
      throw new SpotfoldError("absent", `${key} is not in ${store.name}`, { hint: "Submit the run again." });
    }
    const hash = createHash("sha256");
    const file = await open(path, "wx");
    try {
      for await (const chunk of blob.body) {
        hash.update(chunk);
        await file.appendFile(chunk);
      }
    } finally {
      blob.cancel();
      await file.close();
    }
    return hash.digest("hex");
  }
}

/** A fetch writes all the time: a file that nobody wrote to for so long is of one that was killed. */
export const leftBehindMs = 3_600_000;

/** `<sha256>[.mjs].<random>`, as `#verified` makes them. */
const temporaryPattern = /^[0-9a-f]{64}(?:\.mjs)?\.[0-9a-f]{16}$/;

/** The cache, without what killed fetches left in it. `nowMs`: this machine's clock, as of its files. */
export async function openBundleCache(options: FileBundleCacheOptions, nowMs: number): Promise<FileBundleCache> {
  const { folder } = options;
  try {
    for (const name of await readdir(folder)) {
      if (!temporaryPattern.test(name)) continue;
      const path = join(folder, name);
      if (nowMs - (await stat(path)).mtimeMs > leftBehindMs) await rm(path, { force: true });
    }
  } catch {
    // No cache yet, another process sweeps it, or it cannot be written: whoever fetches into it finds out.
  }
  return new FileBundleCache(options);
}

/** Null when there is no such file. */
async function digestOfFile(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
  return hash.digest("hex");
}
