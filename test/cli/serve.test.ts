import assert from "node:assert/strict";
import { linkSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { serve, type ServeOptions } from "../../cli/commands/serve.ts";
import { isOwnHost } from "../../cli/serve/hosts.ts";
import { isLoopback, startServer, type StartedServer } from "../../cli/serve/server.ts";
import { atEnd } from "../support/cleanup.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo, type CapturedIo } from "./captured-io.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The path goes out as it is written here: other clients would tidy it up. */
function ask(
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

const folderName = "20260101000000-28-nightly-7-0123abcd";
const large = JSON.stringify(Array.from({ length: 2_000 }, (_, i) => `value ${i}`));

/** As `publish` leaves an aggregate. */
function publishInto(folder: string, aggregate: string): void {
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

async function started(folder: string): Promise<StartedServer> {
  const server = await startServer({ folder, port: 0, host: "127.0.0.1" });
  atEnd(async () => await server.stop());
  return server;
}

/** A web store with two aggregates and much that is none of anybody's business. */
function webStore(): string {
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

describe("spotfold serve", () => {
  describe("answers", () => {
    it("with pointers that are asked for again, and files that are kept for ever", async () => {
      const { url } = await started(webStore());
      for (const path of ["/one/versions.json", "/one/coverage.json", "/two/versions.json?x=1"]) {
        const { status, headers, body } = await ask(url, path);
        assert.equal(status, 200, path);
        assert.equal(headers["cache-control"], "no-cache");
        assert.equal(headers["content-type"], "application/json; charset=utf-8");
        assert.ok(JSON.parse(body.toString()));
      }
      const file = await ask(url, `/one/${folderName}/A-by-build-date.json`);
      assert.equal(file.body.toString(), large);
      assert.match(file.headers["cache-control"] ?? "", /immutable/);
      assert.equal(file.headers["content-length"], String(large.length));
      assert.equal((await ask(url, `/one/${folderName}/empty.json`)).body.length, 0);
    });

    it("with headers that let pages of other origins read nothing", async () => {
      const { url } = await started(webStore());
      for (const path of ["/", "/one/versions.json", "/nothing"]) {
        const { headers } = await ask(url, path);
        assert.equal(headers["access-control-allow-origin"], undefined, path);
        assert.equal(headers["cross-origin-resource-policy"], "same-origin", path);
        assert.equal(headers["x-content-type-options"], "nosniff", path);
        assert.match(String(headers["content-security-policy"]), /^default-src /, path);
      }
    });

    it("403 to who calls this machine by a name that is not its own, with a line that says so", async () => {
      const { url } = await started(webStore());
      const { port } = new URL(url);
      const asked = async (host: string): Promise<Answer> =>
        await ask(url, "/one/versions.json", { headers: { host } });
      for (const host of ["localhost", `LOCALHOST:${port}`, "127.0.0.1", `127.0.0.1:${port}`, `[::1]:${port}`]) {
        assert.equal((await asked(host)).status, 200, host);
      }
      for (const host of ["example.org", `example.org:${port}`, "localhost.example.org", "127.0.0.1.example.org"]) {
        const { status, body } = await asked(host);
        assert.equal(status, 403, host);
        assert.match(body.toString(), /^This server answers to localhost[^\n]+\n$/);
      }
      assert.ok(!isOwnHost("", "127.0.0.1"));
      assert.ok(isOwnHost("127.8.8.8:1", "127.8.8.8") && isOwnHost("anything.example.org", "0.0.0.0"));
    });

    it("to HEAD without a body, to nothing but GET and HEAD at all", async () => {
      const { url } = await started(webStore());
      const head = await ask(url, "/one/versions.json", { method: "HEAD" });
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      assert.ok(Number(head.headers["content-length"]) > 0);
      assert.equal((await ask(url, "/", { method: "HEAD" })).body.length, 0);
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
        const { status, headers } = await ask(url, "/one/versions.json", { method });
        assert.deepEqual([status, headers.allow], [405, "GET, HEAD"], method);
      }
    });

    it("304 to who has it, until it is swapped", async () => {
      const web = webStore();
      const { url } = await started(web);
      const etag = (await ask(url, "/one/versions.json")).headers.etag ?? "";
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
        const again = await ask(url, "/one/versions.json", { headers: { "If-None-Match": known } });
        assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag], known);
      }
      writeFileSync(join(web, "new"), `{"nightly/29":"${folderName}"}`);
      renameSync(join(web, "new"), join(web, "one/versions.json"));
      const swapped = await ask(url, "/one/versions.json", { headers: { "If-None-Match": etag } });
      assert.equal(swapped.status, 200);
      assert.match(swapped.body.toString(), /nightly\/29/);
    });

    it("compressed to who takes it", async () => {
      const { url } = await started(webStore());
      const path = `/one/${folderName}/A-by-build-date.json`;
      const get = async (accepts: string): Promise<Answer> =>
        await ask(url, path, { headers: { "Accept-Encoding": accepts } });
      const [br, gzip, none] = [await get("gzip, br"), await get("br;q=0, gzip;q=0.5"), await get("gzip;q=0")];
      assert.deepEqual([br.headers["content-encoding"], brotliDecompressSync(br.body).toString()], ["br", large]);
      assert.deepEqual([gzip.headers["content-encoding"], gunzipSync(gzip.body).toString()], ["gzip", large]);
      assert.deepEqual([none.headers["content-encoding"], none.body.toString()], [undefined, large]);
      assert.equal(new Set([br, gzip, none].map(({ headers }) => headers.etag)).size, 3);
      assert.equal(none.headers.vary, "Accept-Encoding");
    });

    it("404 to whatever is not published, however it is spelled", async () => {
      const web = webStore();
      const { url } = await started(web);
      const paths = [
        "/secret.json",
        "/one/secret.json",
        "/one",
        "/one/",
        "/private/secret.json",
        "/one/other/secret.json",
        "/one/.secret.json",
        "/one/.hidden/secret.json",
        "/one/.hidden-1-0123abcd/secret.json",
        `/one/${folderName}/.secret.json`,
        "/.spotfold-store/etags/secret.json",
        "/%2Espotfold-store/etags/secret.json",
        "/one/../secret.json",
        "/one/%2e%2e/secret.json",
        "/one/..%2fsecret.json",
        "/../secret.json",
        "/%2e%2e/secret.json",
        "/..%2fsecret.json",
        "/one/..%5csecret.json",
        "/one/%2e%2e%2fsecret.json",
        "//secret.json",
        `/${web}/secret.json`,
        `/one//versions.json`,
        `/one/./versions.json`,
        `/one/versions.json/`,
        `/one/versions.json%00`,
        `/one/%zz`,
        `/one/%ff`,
        `/one/${folderName}`,
        `/one/${folderName}/`,
        `/one/${folderName}/below`,
        `/one/${folderName}/below/secret.json`,
        `/one/${folderName}/link.json`,
        `/one/out-1-0123abcd/secret.json`,
        "/linked/versions.json",
        "/three/versions.json",
      ];
      for (const path of paths) {
        const { status, body } = await ask(url, path);
        assert.equal(status, 404, path);
        assert.equal(body.toString(), "Not found.\n", path);
      }
      assert.equal((await ask(url, "http://elsewhere/one/versions.json")).status, 404);
    });

    it("with a page of the aggregates at the root, and with nothing of the kind elsewhere", async () => {
      const web = webStore();
      const { url } = await started(web);
      const page = (await ask(url, "/")).body.toString();
      assert.match(page, /href="one\/versions\.json"/);
      assert.match(page, /href="two\/coverage\.json"/);
      assert.doesNotMatch(page, /private|secret|linked/);
      const bare = await started(tempDir("serve"));
      assert.match((await ask(bare.url, "/")).body.toString(), /Nothing is published/);
    });

    it("of one aggregate when the folder is that one's, by the names that an attacker chose as well", async () => {
      const folder = tempDir("serve");
      publishInto(folder, "<script>alert(1)</script>");
      const { url } = await started(folder);
      assert.equal((await ask(url, "/versions.json")).status, 200);
      assert.equal((await ask(url, `/${folderName}/A-by-build-date.json`)).status, 200);
      assert.doesNotMatch((await ask(url, "/")).body.toString(), /<script/);
    });

    it("with an aggregate's page at its address, and what the page loads", async () => {
      const web = webStore();
      writeFileSync(join(web, "one", "index.html"), "<!doctype html>one");
      writeFileSync(join(web, "one", "page-0123456789.js"), "1;");
      const { url } = await started(web);
      const page = await ask(url, "/one/");
      assert.deepEqual([page.status, String(page.body)], [200, "<!doctype html>one"]);
      assert.match(page.headers["content-type"] ?? "", /^text\/html/);
      assert.equal(page.headers["cache-control"], "no-cache");
      const script = await ask(url, "/one/page-0123456789.js");
      assert.deepEqual([script.status, String(script.body)], [200, "1;"]);
      assert.match(script.headers["content-type"] ?? "", /javascript/);
      assert.match(script.headers["cache-control"] ?? "", /immutable/);
      const bare = await ask(url, "/one");
      assert.deepEqual([bare.status, bare.headers.location], [308, "/one/"]);
      assert.deepEqual([(await ask(url, "/two")).status, (await ask(url, "/two/")).status], [404, 404]);
      const list = String((await ask(url, "/")).body);
      assert.ok(list.includes('<a href="one/">one</a>') && !list.includes('<a href="two/">'), list);
    });

    it("with its page at the root when the folder is one aggregate's", async () => {
      const web = webStore();
      writeFileSync(join(web, "one", "index.html"), "<!doctype html>one");
      const { url } = await started(join(web, "one"));
      assert.equal(String((await ask(url, "/")).body), "<!doctype html>one");
    });

    it("as soon as something is published", async () => {
      const web = tempDir("serve");
      const { url } = await started(web);
      assert.equal((await ask(url, "/one/versions.json")).status, 404);
      publishInto(join(web, "one"), "one");
      assert.equal((await ask(url, "/one/versions.json")).status, 200);
      // The next publication may have another pointer.
      const text = readFileSync(join(web, "one/coverage.json"), "utf8").replace("versions.json", "latest.json");
      writeFileSync(join(web, "one/coverage.json"), text);
      writeFileSync(join(web, "one/latest.json"), "{}");
      assert.equal((await ask(url, "/one/latest.json")).status, 200);
      assert.equal((await ask(url, "/one/versions.json")).status, 404);
      // A second name of a file that is elsewhere, too, is a file like any other.
      linkSync(join(web, "one/latest.json"), join(web, "one", folderName, "hard.json"));
      assert.equal((await ask(url, `/one/${folderName}/hard.json`)).status, 200);
    });
  });

  describe("the command", () => {
    async function running(
      folder: string,
      target: string | undefined,
      options: ServeOptions = {},
    ): Promise<{ captured: CapturedIo; url: string; code: Promise<number> }> {
      const captured = capturedIo(folder);
      const code = serve(target, { port: "0", ...options }, captured.io);
      code.catch(() => undefined);
      atEnd(() => captured.interrupt());
      for (;;) {
        const url = /http:\/\/\S+/.exec(captured.out())?.[0];
        if (url !== undefined) return { captured, url, code };
        await Promise.race([
          code.then((ended) => assert.fail(`ended with ${ended}`)),
          new Promise((r) => setTimeout(r, 5)),
        ]);
      }
    }

    it("serves the web store of the settings, an aggregate of it, or a folder; ends well on Ctrl-C", async () => {
      const folder = tempDir("serve");
      publishInto(join(folder, ".spotfold/web/one"), "one");
      publishInto(join(folder, "site"), "site");
      const asked = [
        [undefined, "one/versions.json"],
        ["one", "versions.json"],
        ["./site", "versions.json"],
        ["site", "versions.json"],
      ] as const;
      for (const [target, path] of asked) {
        const { captured, url, code } = await running(folder, target);
        assert.equal((await ask(url, `/${path}`)).status, 200, target);
        captured.interrupt();
        assert.equal(await code, 0);
        assert.equal(captured.err(), "");
        await assert.rejects(ask(url, "/"), { code: "ECONNREFUSED" });
      }
    });

    it("says where each aggregate's page is, and of one without where its numbers are", async () => {
      const folder = tempDir("serve");
      publishInto(join(folder, "web/one"), "one");
      publishInto(join(folder, "web/two"), "two");
      writeFileSync(join(folder, "web/one/index.html"), "<!doctype html>");
      const { captured, url, code } = await running(folder, "./web");
      await ask(url, "/");
      captured.interrupt();
      await code;
      assert.deepEqual(captured.out().split("\n").slice(1, 3), [`  one  ${url}one/`, `  two  ${url}two/coverage.json`]);
    });

    it("listens on this machine alone, and knows what is not", async () => {
      const folder = tempDir("serve");
      publishInto(join(folder, "site"), "site");
      const { url } = await running(folder, "./site");
      assert.equal(new URL(url).hostname, "127.0.0.1");
      for (const host of ["127.0.0.1", "127.8.8.8", "::1", "localhost"]) assert.ok(isLoopback(host), host);
      for (const host of ["0.0.0.0", "::", "192.168.0.1", "127.example.org", ""]) assert.ok(!isLoopback(host), host);
      for (const host of ["nowhere.invalid", "192.0.2.1"]) {
        await assert.rejects(serve("./site", { port: "0", host }, capturedIo(folder).io), { code: "usage" }, host);
      }
    });

    it("says what to do about a port in use, a wrong one, a name that is unknown", async () => {
      const folder = tempDir("serve");
      publishInto(join(folder, "site"), "site");
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      atEnd(() => void other.close());
      const { port } = other.address() as AddressInfo;
      const failing = async (target: string | undefined, options: ServeOptions): Promise<number> =>
        await serve(target, options, capturedIo(folder).io);
      await assert.rejects(
        failing("./site", { port: String(port) }),
        (error: Error & { hint?: string; code?: string }) => {
          assert.equal(error.code, "usage");
          assert.match(error.message, new RegExp(`${port} is in use`));
          assert.match(error.hint ?? "", /--port 0/);
          return true;
        },
      );
      for (const wrong of ["x", "-1", "65536", "80a", ""]) {
        await assert.rejects(failing("./site", { port: wrong }), { code: "usage" }, wrong);
      }
      await assert.rejects(failing("nobody", { port: "0" }), {
        code: "usage",
        message: /no published aggregate nobody/,
      });
      await assert.rejects(failing(undefined, { port: "0" }), {
        code: "no-such-store",
        message: /Nothing is published yet/,
      });
      await assert.rejects(failing("./gone", { port: "0" }), { code: "usage" });
      await assert.rejects(failing("./site/versions.json", { port: "0" }), { code: "usage" });
    });
  });

  it("stops once however often it is told, also with an answer on its way", async () => {
    const folder = tempDir("serve");
    publishInto(folder, "one");
    writeFileSync(join(folder, folderName, "big.json"), Buffer.alloc(64 << 20, 32));
    const server = await startServer({ folder, port: 0, host: "127.0.0.1" });
    // A reader that takes the first bytes and no more.
    await new Promise<void>((resolve, reject) => {
      const sent = request(`${server.url}${folderName}/big.json`, (response) => {
        response.once("readable", () => resolve()).on("error", () => undefined);
      });
      sent.on("error", reject).end();
    });
    const begun = performance.now();
    await Promise.all([server.stop(), server.stop()]);
    assert.ok(performance.now() - begun < 5_000);
  });
});
