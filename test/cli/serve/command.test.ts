/** `spotfold serve` as a command: what it serves, where it listens, how it ends, and what it says is wrong. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve, type ServeOptions } from "../../../cli/commands/serve.ts";
import { isLoopback, startServer } from "../../../cli/serve/server.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo, type CapturedIo } from "../captured-io.ts";
import { ask, folderName, publishInto } from "./serving.ts";

describe("spotfold serve", () => {
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

  it("lets pages of named origins show a page in a frame, and never the status page", async () => {
    const folder = tempDir("serve");
    publishInto(join(folder, "site"), "site");
    writeFileSync(join(folder, "site/index.html"), "<!doctype html>");
    const { url } = await running(folder, "./site", { allowFrames: ["https://example.org"] });
    const { headers } = await ask(url, "/");
    assert.match(String(headers["content-security-policy"]), /frame-ancestors 'self' https:\/\/example\.org$/);
    for (const options of [{ allowFrames: ["example.org"] }, { allowFrames: ["https://example.org"], status: true }]) {
      await assert.rejects(serve(undefined, { port: "0", ...options }, capturedIo(folder).io), {
        code: "usage",
        message: /^--allow-frames/,
      });
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
