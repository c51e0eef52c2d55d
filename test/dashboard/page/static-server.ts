/** A plain static file server, as anybody might put in front of a folder; a test may change what it gives for a file. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
};

export interface StaticServer {
  readonly base: string;
  /** By file name without its folders: what is given instead; a number is a status; the text `cut` stands for the first half of the file. */
  readonly instead: Map<string, string | number>;
  readonly close: () => Promise<void>;
}

export async function serveFolder(folder: string): Promise<StaticServer> {
  const instead: StaticServer["instead"] = new Map();
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").replace(/\?.*$/s, ""));
    const name = path.endsWith("/") ? "index.html" : path;
    const other = instead.get(name.split("/").at(-1) ?? "");
    try {
      if (typeof other === "number") return void response.writeHead(other).end();
      const isWhole = other === undefined || other === "cut";
      const bytes = isWhole ? readFileSync(join(folder, name)) : Buffer.from(other);
      response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream");
      return void response.end(other === "cut" ? bytes.subarray(0, bytes.length >> 1) : bytes);
    } catch {
      return void response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    instead,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close").catch(() => undefined);
    },
  };
}
