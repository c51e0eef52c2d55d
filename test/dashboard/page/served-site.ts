/** A made site and a browser, for all tests of a suite: both are there before the first and gone after the last. */
import assert from "node:assert/strict";
import { tempDir } from "../../support/temp.ts";
import { browserOfSuite, type SuiteBrowser } from "../browser.ts";
import { makeSite, type MadeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

export interface ServedSite extends SuiteBrowser {
  readonly server: StaticServer;
}

/** Called where the suite is described, behind what it needs; `name` is its folder's. */
export function servedSite(name: string, options: MadeSite): ServedSite {
  let server: StaticServer | undefined;
  before(async () => {
    const folder = tempDir(name);
    makeSite(folder, options);
    server = await serveFolder(folder);
  });
  const suite = browserOfSuite();
  after(async () => await server?.close());
  return {
    get browser() {
      return suite.browser;
    },
    get server() {
      assert.ok(server !== undefined, "the suite has begun");
      return server;
    },
  };
}
