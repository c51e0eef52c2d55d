/** The status page's files, by how they are asked for. */
import { pageFiles } from "../compose/page-files.ts";

export interface PageAssets {
  readonly html: Buffer;
  /** By name: what is below `/assets/`. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export function pageAssets(): PageAssets {
  const files = new Map(pageFiles("status").map(({ name, bytes }) => [name, Buffer.from(bytes)]));
  const html = files.get("index.html") ?? Buffer.alloc(0);
  files.delete("index.html");
  return { html, files };
}
