import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { tempDir } from "../support/temp.ts";
import { blobStoreContract } from "./blob-store.ts";

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.resolve(),
};

blobStoreContract("memory", () => new MemoryBlobStore({ clock }));
blobStoreContract("memory, small pages", () => new MemoryBlobStore({ clock, pageEntriesMax: 7 }));
blobStoreContract("folder", () => FolderBlobStore.open(tempDir("store"), { create: true }));
