import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fetchSegment } from "../../../executor/launch/fetch-segment.ts";
import { codeOf } from "../../../shared/errors.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer, type Asked, type Fate } from "../../support/fault-server.ts";
import { tempDir } from "../../support/temp.ts";

const segment = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251));

/** A server that has the segment and honours ranges, behind one that does as the test says. */
async function serve(fateOf: (asked: Asked) => Fate): Promise<{ url: string; asked: readonly Asked[] }> {
  const server = createServer((request, response) => {
    const start = /^bytes=([0-9]+)-$/.exec(request.headers.range ?? "")?.[1];
    response.writeHead(start === undefined ? 200 : 206).end(segment.subarray(Number(start ?? 0)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => await new Promise<void>((resolve) => server.close(() => resolve())));
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { endpoint, asked } = await startFaultServer(target, fateOf);
  return { url: `${endpoint}/segment`, asked };
}

describe("fetching a segment", () => {
  it("goes on where it was cut, as often as it is", async () => {
    // The body as Node's server sends it: with lengths between the chunks, so fewer bytes of the segment than of the body.
    const { url, asked } = await serve(({ number }) => (number <= 8 ? { cutAfterBytes: 500 } : "pass"));
    const path = join(tempDir("segment"), "slice");
    await fetchSegment(url, path);
    assert.ok(readFileSync(path).equals(segment));
    const starts = asked.map(({ headers }) => Number(/[0-9]+/.exec(headers.range ?? "0")?.[0]));
    assert.equal(starts.length, 9);
    assert.ok(
      starts.every((start, i) => i === 0 || start > (starts[i - 1] ?? 0)),
      starts.join(),
    );
  });

  it("asks a server again that fails, and gives up in the end, in words", async () => {
    const busy = { answer: { status: 503, body: "SlowDown" } };
    const once = await serve(({ number }) => (number === 1 ? busy : number === 2 ? "lose-request" : "pass"));
    const path = join(tempDir("segment"), "slice");
    await fetchSegment(once.url, path);
    assert.ok(readFileSync(path).equals(segment));
    const never = await serve(() => busy);
    await assert.rejects(fetchSegment(never.url, `${path}2`), (error: Error) => {
      assert.equal(codeOf(error), "store-unavailable");
      assert.match(error.message, /tried 5 times: the store answered 503/);
      return true;
    });
  });

  it("does not ask again for what the disk refuses", async () => {
    const { url, asked } = await serve(() => "pass");
    await assert.rejects(fetchSegment(url, join(tempDir("segment"), "none", "slice")), { code: "ENOENT" });
    assert.equal(asked.length, 0);
  });
});
