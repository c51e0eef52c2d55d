/**
 * The calls by which the folder store changes the disk: one small interface, so that a test can stop a process between any
 * two of them. Reading goes to `node:fs` directly.
 *
 * What runs under the store's lock is synchronous (see `lock.ts`); what waits for the disk (data, syncs) is not.
 */
import * as fs from "node:fs";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const fsync = promisify(fs.fsync);
const write = promisify(fs.write);

/** Up to this a write is a copy into the kernel's memory, and faster than handing it to a thread. */
const writtenAtOnceBytesMax = 64 * 1024;

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
  /** Gives an open file that was made elsewhere these rights, and the time of now. */
  makeNew(descriptor: number, mode: number): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
}

export const nodeDisk: FolderDisk = {
  async newFile(path) {
    // Descriptors and calls that do not wait: for a small file a FileHandle costs several times what is done with it.
    const descriptor = openSync(path, "wx");
    return {
      async write(bytes) {
        for (let offset = 0; offset < bytes.length;) {
          const length = bytes.length - offset;
          offset +=
            length <= writtenAtOnceBytesMax
              ? writeSync(descriptor, bytes, offset, length)
              : (await write(descriptor, bytes, offset, length)).bytesWritten;
        }
      },
      sync: () => fsync(descriptor),
      close: async () => closeSync(descriptor),
    };
  },
  async syncAt(path) {
    const descriptor = openSync(path, "r");
    try {
      await fsync(descriptor);
      return fstatSync(descriptor, { bigint: true }).ino;
    } finally {
      closeSync(descriptor);
    }
  },
  writeNote: (path, text) => writeFile(path, text),
  link: linkSync,
  makeNew: (descriptor, mode) => {
    fchmodSync(descriptor, mode);
    const now = Date.now() / 1000;
    futimesSync(descriptor, now, now);
  },
  rename: renameSync,
  unlink: unlinkSync,
  mkdir: (path) => {
    mkdirSync(path);
  },
  rmdir: rmdirSync,
};
