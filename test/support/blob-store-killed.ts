/**
 * A process that makes all changes to a folder store and kills itself before a given step of the disk:
 * `node blob-store-killed.ts FOLDER STEP`. Prints a line for each change that was said to be done, and the number of steps
 * when it comes to the end alive.
 */
import { writeSync } from "node:fs";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { changes } from "./blob-store-changes.ts";
import { steppedDisk } from "./blob-store-steps.ts";

const [path = "", step = "0"] = process.argv.slice(2);
let steps = 0;

const disk = steppedDisk(() => {
  steps++;
  if (steps !== Number(step)) return;
  process.kill(process.pid, "SIGKILL");
  // Nothing after this may happen, however late the signal comes.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});

const store = await FolderBlobStore.open(path, { create: true, disk });
for (const change of changes) {
  await change.make(store);
  writeSync(1, `done ${change.key}\n`);
}
await store.close();
writeSync(1, `steps ${steps}\n`);
