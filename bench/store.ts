/** The folder store: small blobs created and synced, at once; beside files that are written, synced and renamed by nothing but `node:fs`. */
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { FolderBlobStore } from "../shared/local/folder-store/store.ts";
import { paired } from "./measure.ts";
import type { Bench, Row, Setup } from "./types.ts";

const blobs = 1000;
const bytes = Buffer.alloc(300, "x");

async function* rows({ runs, folder }: Setup): AsyncGenerator<Row> {
  let number = 0;
  const root = join(folder, "store");
  await mkdir(root);
  const store = await FolderBlobStore.open(root);
  const ours = async (): Promise<number> => {
    const prefix = `run${number++}`;
    return await rateOf(async (i) => void (await store.create(`${prefix}/${i}`, bytes)));
  };
  const bare = async (): Promise<number> => {
    const place = join(folder, `bare${number++}`);
    await mkdir(place);
    return await rateOf(async (i) => {
      const file = await open(join(place, `${i}.part`), "wx");
      await file.writeFile(bytes);
      await file.sync();
      await file.close();
      await rename(join(place, `${i}.part`), join(place, String(i)));
    });
  };
  yield {
    what: "blobs of 300 bytes created, all at once",
    against: "write, fsync, rename",
    unit: "/s",
    ...(await paired(runs, ours, bare)),
  };
  await store.close();
}

async function rateOf(one: (index: number) => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: blobs }, async (_, index) => await one(index)));
  return blobs / ((performance.now() - startedAt) / 1000);
}

export const store: Bench = { name: "store", about: "the folder store, beside bare files", run: rows };
