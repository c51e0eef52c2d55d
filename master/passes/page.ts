/**
 * Puts the page beside an aggregate that can be shown by it: static files, the same for every aggregate. What the page loads is
 * there before the page that names it, and both before the pointer moves to what they show.
 *
 *   page-<digest>.js, .css     never changed: a newer page has files of other names
 *   index.html                 swapped when it is not the one that is there: what is swapped is asked for again, what is put is kept
 *
 * Two masters of different versions may swap theirs in turn; each page finds what it loads.
 */
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";

export interface PageFile {
  /** Below the aggregate's place. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const pageName = "index.html";

/** A unit's file that says by what the page can show it (docs/formats/site.md). */
export const describedBy = "site.json";

/** `prefix`: of the aggregate's place. */
export async function publishPage({ web, page }: MasterContext, prefix: string): Promise<void> {
  const files = await page();
  const index = files.find(({ name }) => name === pageName);
  if (index === undefined) return;
  const there = await readAll(web, prefix + pageName);
  if (there !== null && Buffer.compare(there.bytes, index.bytes) === 0) return;
  const loaded = files.filter((file) => file !== index);
  await Promise.all(loaded.map(async ({ name, bytes }) => await web.put(prefix + name, bytes)));
  // Not swapped: somebody else was faster, whose page does as well.
  await web.swap(prefix + pageName, index.bytes, there?.etag ?? null);
}
