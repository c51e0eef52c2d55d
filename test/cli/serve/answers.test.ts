/** What `spotfold serve` gives of what is published, to whom, and what it keeps to itself. */
import assert from "node:assert/strict";
import { linkSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { frameOrigins } from "../../../cli/serve/frames.ts";
import { isOwnHost } from "../../../cli/serve/hosts.ts";
import { tempDir } from "../../support/temp.ts";
import { ask, type Answer, folderName, large, publishInto, started, webStore } from "./serving.ts";

describe("what spotfold serve answers", () => {
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

  it("with pages that those of the own origin may show in a frame, and of origins that were named; nothing else", async () => {
    const web = webStore();
    writeFileSync(join(web, "one/index.html"), "<!doctype html>");
    for (const origins of [[], ["https://example.org", "http://10.0.0.5:8000"]]) {
      const { url } = await started(web, origins);
      const framed = async (path: string): Promise<readonly [string | undefined, string | undefined]> => {
        const { headers } = await ask(url, path);
        const policy = String(headers["content-security-policy"]);
        return [/frame-ancestors ([^;]+)$/.exec(policy)?.[1], headers["x-frame-options"]?.toString()];
      };
      for (const path of ["/one/", "/one/index.html"]) {
        const expected = origins.length === 0 ? ["'self'", "SAMEORIGIN"] : [`'self' ${origins.join(" ")}`, undefined];
        assert.deepEqual(await framed(path), expected, path);
      }
      for (const path of ["/", "/one/versions.json", `/one/${folderName}/A-by-build-date.json`, "/one", "/nothing"]) {
        assert.deepEqual(await framed(path), ["'none'", "DENY"], path);
      }
    }
  });

  it("with frames for origins alone: nothing that would be another directive, a wildcard or a path", () => {
    assert.deepEqual(
      frameOrigins(["https://Example.org/", "https://example.org:443", "http://10.0.0.5:8080", "http://h"]),
      ["https://example.org", "http://10.0.0.5:8080", "http://h"],
    );
    assert.throws(() => frameOrigins(["http://[::1]:8080"]), { code: "usage", message: /has no IPv6 addresses$/ });
    const wrong =
      "example.org,*,https://*,https://*.example.org,https://a;b.example,https://a b.example,https://x.org/path,https://x.org?q," +
      "https://u@x.org,https://u:p@x.org,'self',data:,file:///x,javascript:alert(1),https://x.org#y,https://,null";
    for (const origin of ["", "https://a,b.example", "https://x.org;script-src *", ...wrong.split(",")]) {
      assert.throws(() => frameOrigins([origin]), { code: "usage", message: /--allow-frames/ }, origin);
    }
    assert.throws(() => frameOrigins(Array.from({ length: 51 }, (_, i) => `https://x${i}.org`)), { code: "usage" });
  });

  it("403 to who calls this machine by a name that is not its own, with a line that says so", async () => {
    const { url } = await started(webStore());
    const { port } = new URL(url);
    const asked = async (host: string): Promise<Answer> => await ask(url, "/one/versions.json", { headers: { host } });
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
