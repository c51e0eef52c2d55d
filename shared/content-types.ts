/**
 * What published files are, by the ends of their names: for whoever serves them, from a folder or out of a bucket. Browsers
 * are told not to guess, so a file without a type of its own is one to be saved.
 */
import { extname } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".ndjson": "application/x-ndjson; charset=utf-8",
  ".jsonl": "application/x-ndjson; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".tsv": "text/tab-separated-values; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".xml": "application/xml; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".ico": "image/x-icon",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".gz": "application/gzip",
  ".zst": "application/zstd",
  ".zip": "application/zip",
};
const otherType = "application/octet-stream";

/** Compressing these again makes them no smaller. */
const packed = new Set([".png", ".jpg", ".jpeg", ".gif", ".webp", ".woff2", ".gz", ".zst", ".zip"]);

/** The `Content-Type` of a file of this name; `name` may be a path or a key. */
export function contentTypeOf(name: string): string {
  return types[extname(name).toLowerCase()] ?? otherType;
}

/** Whether a file of this name is compressed as it is. */
export function isPacked(name: string): boolean {
  return packed.has(extname(name).toLowerCase());
}
