/**
 * The calls by which the folder store changes the disk: one small interface, so that a test can stop a process between any
 * two of them. Reading goes to `node:fs` directly.
 *
 * What runs under the store's lock is synchronous (see `lock.ts`); what waits for the disk (data, syncs) is not.
 */
import { linkSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";

/** A file that is being written. */
export interface NewFile {
  /** All of the bytes, behind those written before. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Errors are those of `node:fs`. */
export interface FolderDisk {
  /** Fails if there is anything at the path. */
  newFile(path: string): Promise<NewFile>;
  /** Syncs an existing file or folder. Answers its inode, by which a folder that was made anew is known. */
  syncAt(path: string): Promise<bigint>;
  /** A small file whose loss or truncation does no harm; not synced. */
  writeNote(path: string, text: string): Promise<void>;
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
}

export const nodeDisk: FolderDisk = {
  async newFile(path) {
    const handle = await open(path, "wx");
    return {
      async write(bytes) {
        for (let offset = 0; offset < bytes.length;) {
          offset += (await handle.write(bytes, offset)).bytesWritten;
        }
      },
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  async syncAt(path) {
    const handle = await open(path, "r");
    try {
      await handle.sync();
      return (await handle.stat({ bigint: true })).ino;
    } finally {
      await handle.close();
    }
  },
  writeNote: (path, text) => writeFile(path, text),
  link: linkSync,
  rename: renameSync,
  unlink: unlinkSync,
  mkdir: (path) => {
    mkdirSync(path);
  },
  rmdir: rmdirSync,
};
