/** A folder as `publish` leaves it, a server of it in this process, and requests that go out as they are written. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { startServer, type StartedServer } from "../../../cli/serve/server.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The path goes out as it is written here: other clients would tidy it up. */
export function ask(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, agent: false, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on("error", reject).end();
  });
}

export const folderName = "20260101000000-28-nightly-7-0123abcd";
export const large = JSON.stringify(Array.from({ length: 2_000 }, (_, i) => `value ${i}`));

/** As `publish` leaves an aggregate. */
export function publishInto(folder: string, aggregate: string): void {
  mkdirSync(join(folder, folderName), { recursive: true });
  writeFileSync(join(folder, folderName, "A-by-build-date.json"), large);
  writeFileSync(join(folder, folderName, "empty.json"), "");
  writeFileSync(join(folder, "versions.json"), `{"nightly/28":"${folderName}"}`);
  const blocks = { covered: 5, missing: 1, open: 0 };
  const coverage = {
    format: 1,
    aggregate,
    pointer: "versions.json",
    snapshot: 7,
    asOf: "2026-01-01T00:00:00Z",
    blocks,
  };
  writeFileSync(join(folder, "coverage.json"), JSON.stringify(coverage));
}

export async function started(folder: string, frameOrigins: readonly string[] = []): Promise<StartedServer> {
  const server = await startServer({ folder, port: 0, host: "127.0.0.1", frameOrigins });
  atEnd(async () => await server.stop());
  return server;
}

/** A web store with two aggregates and much that is none of anybody's business. */
export function webStore(): string {
  const web = join(tempDir("serve"), "web");
  publishInto(join(web, "one"), "one");
  publishInto(join(web, "two"), "two");
  for (const path of [".spotfold-store/etags", "one/.hidden", "one/.hidden-1-0123abcd", "private", "one/other"]) {
    mkdirSync(join(web, path), { recursive: true });
    writeFileSync(join(web, path, "secret.json"), "secret");
  }
  writeFileSync(join(web, "secret.json"), "secret");
  writeFileSync(join(web, "one", "secret.json"), "secret");
  writeFileSync(join(web, "one", ".secret.json"), "secret");
  writeFileSync(join(web, "one", folderName, ".secret.json"), "secret");
  writeFileSync(join(web, "..", "secret.json"), "secret");
  mkdirSync(join(web, "one", folderName, "below"));
  writeFileSync(join(web, "one", folderName, "below", "secret.json"), "secret");
  symlinkSync(join(web, "..", "secret.json"), join(web, "one", folderName, "link.json"));
  symlinkSync(join(web, ".."), join(web, "one", "out-1-0123abcd"));
  symlinkSync(join(web, "one"), join(web, "linked"));
  return web;
}
