/** Where a page of a listing meets the end of the range that is listed: what lies behind is another listing's. Pure. */
import { compareKeys } from "../keys.ts";
import type { BlobInfo } from "../ports/blob-store.ts";

/** Whether nothing before `until`, or it itself, comes after this page. */
export function isAtEnd(page: readonly BlobInfo[], until: string): boolean {
  const last = page.at(-1)?.key;
  return until !== "" && last !== undefined && compareKeys(last, until) >= 0;
}

/** The first of these, up to and including `until`. */
export function upTo(blobs: readonly BlobInfo[], until: string): readonly BlobInfo[] {
  const last = blobs.at(-1)?.key;
  if (last === undefined || !isAtEnd(blobs, until) || last === until) return blobs;
  return blobs.slice(
    0,
    blobs.findIndex(({ key }) => compareKeys(key, until) > 0),
  );
}
