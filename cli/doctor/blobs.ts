/**
 * What is asked of a store: put, get, create, swap, list and delete, each tried below a name that nobody else has. What was
 * written is deleted again; where that is refused, a few bytes below `probe/` stay.
 */
import { systemRandom } from "../../shared/clock.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { wrong } from "./check.ts";
import type { Step } from "./tried.ts";

const idDigits = 16;

/** `lookAt`: what to do about a store that answers, and wrongly. */
export function blobSteps(store: BlobStore, lookAt: string): readonly Step[] {
  const prefix = `probe/${systemRandom.hex(idDigits)}/`;
  const keys = ["a", "b", "created", "swapped"].map((name) => `${prefix}${name}`);
  const [a = "", b = "", created = "", swapped = ""] = keys;
  const unfit = (what: string): Error => wrong(`${store.name} ${what}`, lookAt);
  const textOf = async (key: string): Promise<string | undefined> => {
    const read = await readAll(store, key);
    return read === null ? undefined : Buffer.from(read.bytes).toString();
  };
  return [
    {
      name: "put",
      run: async () => {
        for (const key of [a, b]) await store.put(key, Buffer.from(key));
      },
    },
    {
      name: "get",
      after: ["put"],
      run: async () => {
        for (const key of [a, b]) if ((await textOf(key)) !== key) throw unfit("does not give back what was put");
        if ((await store.head(a)) === null) throw unfit("does not find what was put");
      },
    },
    {
      name: "create",
      run: async () => {
        if (!(await store.create(created, Buffer.from("first"))).created) throw unfit("does not create what is absent");
        const again = await store.create(created, Buffer.from("second"));
        if (again.created || Buffer.from(again.existing).toString() !== "first")
          throw unfit("creates what is there already");
      },
    },
    {
      name: "swap",
      run: async () => {
        const first = await store.swap(swapped, Buffer.from("first"), null);
        const second = first.swapped ? await store.swap(swapped, Buffer.from("second"), first.etag) : first;
        if (!first.swapped || !second.swapped) throw unfit("does not swap what is as expected");
        if ((await store.swap(swapped, Buffer.from("third"), first.etag)).swapped)
          throw unfit("swaps what is not as expected");
      },
    },
    {
      name: "list",
      after: ["put"],
      run: async () => {
        const listed: string[] = [];
        for await (const { blobs } of store.list(prefix)) listed.push(...blobs.map(({ key }) => key));
        if (listed.slice(0, 2).join() !== [a, b].join()) throw unfit("does not list what was put");
      },
    },
    {
      name: "delete",
      run: async () => {
        await store.delete(keys);
        for (const key of keys) if ((await store.head(key)) !== null) throw unfit("does not delete");
      },
    },
  ];
}
