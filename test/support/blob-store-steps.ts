/** A folder store's disk that tells before each step what it is about to do; a write is two steps, one for each half. */
import { nodeDisk } from "../../shared/local/folder-store/disk.ts";
import type { FolderDisk } from "../../shared/local/folder-store/disk.ts";

/** `before` may throw, or end the process. `path` is what the step changes or syncs. */
export function steppedDisk(before: (step: string, path: string) => void): FolderDisk {
  return {
    async newFile(path) {
      before("newFile", path);
      const file = await nodeDisk.newFile(path);
      return {
        async write(bytes) {
          const half = bytes.length >>> 1;
          before("write", path);
          await file.write(bytes.subarray(0, half));
          before("write", path);
          await file.write(bytes.subarray(half));
        },
        sync() {
          before("sync", path);
          return file.sync();
        },
        // A failed close frees the descriptor all the same.
        async close() {
          try {
            before("close", path);
          } finally {
            await file.close();
          }
        },
      };
    },
    syncAt(path) {
      before("syncAt", path);
      return nodeDisk.syncAt(path);
    },
    writeNote(path, text) {
      before("writeNote", path);
      return nodeDisk.writeNote(path, text);
    },
    link(from, to) {
      before("link", to);
      nodeDisk.link(from, to);
    },
    makeNew(descriptor, mode) {
      before("makeNew", "");
      nodeDisk.makeNew(descriptor, mode);
    },
    rename(from, to) {
      before("rename", to);
      nodeDisk.rename(from, to);
    },
    unlink(path) {
      before("unlink", path);
      nodeDisk.unlink(path);
    },
    mkdir(path) {
      before("mkdir", path);
      nodeDisk.mkdir(path);
    },
    rmdir(path) {
      before("rmdir", path);
      nodeDisk.rmdir(path);
    },
  };
}
