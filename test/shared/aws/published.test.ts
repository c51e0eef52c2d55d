/** What browsers find in a bucket that was published to, and what is read back from it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { gunzipped, gzipped } from "../../../shared/aws/gzip.ts";
import { isGzip, publishedHeaders } from "../../../shared/aws/published.ts";
import { partBytes } from "../../../shared/aws/writing.ts";
import type { S3BlobStore } from "../../../shared/aws/store.ts";
import { asBrowser } from "../../support/as-browser.ts";
import {
  bytesAt,
  bytesOf,
  collect,
  failsWith,
  inChunks,
  keysAt,
  patternBytes,
  textAt,
} from "../../support/blob-store-helpers.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { startMoto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../../support/s3-on-moto.ts";

const immutable = "public, max-age=31536000, immutable";

async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}

describe("headers of what is published", () => {
  it("let files be kept and pointers be asked for again, with types by their names", () => {
    const folder = "a/20260101-1-0badcafe";
    assert.deepEqual(publishedHeaders(`${folder}/results.ndjson`, "put"), {
      ContentType: "application/x-ndjson; charset=utf-8",
      ContentEncoding: "gzip",
      CacheControl: immutable,
    });
    for (const kind of ["create", "swap"] as const)
      assert.deepEqual(publishedHeaders("a/latest.json", kind), {
        ContentType: "application/json; charset=utf-8",
        ContentEncoding: "gzip",
        CacheControl: "no-cache",
      });
    for (const [name, type] of [
      ["index.html", "text/html; charset=utf-8"],
      ["app.js", "text/javascript; charset=utf-8"],
      ["a.css", "text/css; charset=utf-8"],
      ["a.svg", "image/svg+xml"],
      ["a.txt", "text/plain; charset=utf-8"],
      ["a.csv", "text/csv; charset=utf-8"],
      ["data", "application/octet-stream"],
    ] as const)
      assert.equal(publishedHeaders(`${folder}/${name}`, "put").ContentType, type);
    // Compressed by its own format.
    assert.deepEqual(publishedHeaders(`${folder}/all.ndjson.gz`, "put"), {
      ContentType: "application/gzip",
      CacheControl: immutable,
    });
  });

  it("are understood as servers give them back", () => {
    for (const text of ["gzip", "GZIP", "aws-chunked,gzip", "aws-chunked, gzip"]) assert.ok(isGzip(text), text);
    for (const text of [undefined, "", "br", "aws-chunked", "x-gzip2"]) assert.ok(!isGzip(text), text);
  });
});

describe("gzip of a body", () => {
  it("is the same for the same bytes, however they come, and gives them back", async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300_000 }));
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (length, pieces, random) => {
        const chunk = Math.ceil(length / pieces) + 1;
        const bytes = random
          ? randomBytes(length)
          : Buffer.from("spotfold,".repeat(length / 9 + 1)).subarray(0, length);
        const whole = await collect(gzipped(bytes));
        assert.ok((await collect(gzipped(inChunks(bytes, chunk)))).equals(whole));
        assert.ok(gunzipSync(whole).equals(bytes));
        assert.ok((await collect(gunzipped(copied(inChunks(whole, chunk))))).equals(bytes));
        // No time and no name.
        assert.deepEqual([...whole.subarray(3, 8)], [0, 0, 0, 0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it("passes on what the body throws, and tells the body that nobody reads on", async () => {
    const broken = new Error("the disk is gone");
    for (const chunks of [1, 3_000]) {
      const closed = { times: 0 };
      const body = async function* (fails: boolean): AsyncGenerator<Uint8Array> {
        try {
          for (let i = 0; i < chunks; i++) yield randomBytes(1_000);
          if (fails) throw broken;
        } finally {
          closed.times++;
        }
      };
      await assert.rejects(collect(gzipped(body(true))), (error) => error === broken);
      assert.equal(closed.times, 1);
      for await (const _ of gzipped(body(false))) break;
      assert.equal(closed.times, 2);
    }
  });
});

describe("a bucket that is published to", () => {
  needs("moto");
  let moto = "";
  let place = "";
  let store: S3BlobStore;

  before("start moto", async function startHook() {
    this.timeout(90_000);
    const started = await startMoto();
    useMotoCredentials(started);
    moto = started.endpoint;
  });

  beforeEach(async () => {
    place = `${await newBucket(moto)}/site`;
    store = await openS3(moto, place, { published: true });
  });

  it("shows browsers types, gzip and how long to keep it, whatever the write and the size", async () => {
    const text = bytesOf(`${"0123456789,".repeat(500)}\n`);
    // Does not get smaller, so that its gzip is more than a part, too.
    const large = patternBytes(partBytes + 100_000, 5);
    const pointer = bytesOf('{"folder": "a"}\n');
    const { etag } = await store.put("f/index.html", text);
    await store.put("f/data.csv", inChunks(text, 1_000));
    await store.put("f/large.json", inChunks(large, 1_000_000));
    await store.put("f/empty.txt", new Uint8Array(0));
    await store.put("f/all.gz", text);
    await store.create("coverage.json", pointer);
    const swapped = await store.swap("latest.json", bytesOf("{}"), null);
    assert.ok(swapped.swapped);
    assert.ok((await store.swap("latest.json", pointer, swapped.etag)).swapped);
    for (const [key, bytes, type, caching] of [
      ["f/index.html", text, "text/html; charset=utf-8", immutable],
      ["f/data.csv", text, "text/csv; charset=utf-8", immutable],
      ["f/large.json", large, "application/json; charset=utf-8", immutable],
      ["f/empty.txt", new Uint8Array(0), "text/plain; charset=utf-8", immutable],
      ["coverage.json", pointer, "application/json; charset=utf-8", "no-cache"],
      ["latest.json", pointer, "application/json; charset=utf-8", "no-cache"],
    ] as const) {
      const { status, headers, raw, content } = await asBrowser(store, key);
      assert.equal(status, 200, key);
      assert.equal(headers["content-type"], type, key);
      assert.equal(headers["content-encoding"], "gzip", key);
      assert.equal(headers["cache-control"], caching, key);
      assert.ok(content.equals(bytes), key);
      assert.ok((await bytesAt(store, key))?.equals(bytes), key);
      // Whoever asks for sizes hears of what is stored.
      assert.equal((await store.head(key))?.size, raw.length, key);
    }
    const packed = await asBrowser(store, "f/all.gz");
    assert.deepEqual(
      [packed.headers["content-encoding"], packed.headers["content-type"]],
      [undefined, "application/gzip"],
    );
    assert.ok(packed.raw.equals(text));
    assert.equal((await store.head("f/index.html"))?.etag, etag);
    assert.ok((await asBrowser(store, "f/index.html")).raw.length < text.length / 10);
  }).timeout(30_000);

  it("is read back plain: ranges, what exists already, under an etag, and what others put there", async () => {
    const text = "abcdefghij".repeat(30_000);
    const { etag } = await store.put("k.txt", bytesOf(text));
    assert.equal(await textAt(store, "k.txt", { ifMatch: etag }), text);
    await failsWith("changed", store.get("k.txt", { ifMatch: "another" }));
    for (const range of [
      { start: 0, end: 3 },
      { start: 123_457, end: 234_561 },
      { start: 299_999, end: 400_000 },
      { start: 400_000, end: 400_001 },
      { start: 5, end: 5 },
    ])
      assert.equal(await textAt(store, "k.txt", { range }), text.slice(range.start, range.end));
    assert.equal(await store.get("absent"), null);
    const again = await store.create("k.txt", bytesOf("other"));
    assert.ok(!again.created);
    assert.equal(Buffer.from(again.existing).toString(), text);
    const direct = await openS3(moto, place);
    await direct.put("plain.json", bytesOf("plain"));
    assert.equal(await textAt(store, "plain.json"), "plain");
    // As a data store, a bucket is read as it lies there.
    assert.ok((await bytesAt(direct, "k.txt"))?.equals(gzipSync(text)));
    assert.deepEqual(await keysAt(store, ""), ["k.txt", "plain.json"]);
    const lent = await store.lend("k.txt");
    assert.ok(lent.kind === "url");
    assert.equal(await (await fetch(lent.url)).text(), text);
  });

  it("gives up a body that is not the gzip that its headers say, and stops when it is told to", async () => {
    const ofGzip = { "content-encoding": "gzip", etag: '"e"' };
    const server = await startFaultServer(moto, ({ method }) =>
      method === "GET"
        ? { answer: { status: 200, headers: { ...ofGzip, "content-length": "7" }, body: "no gzip" } }
        : "pass",
    );
    const damaged = await openS3(server.endpoint, place, { published: true });
    const error = await failsWith("invalid-format", textAt(damaged, "latest.json"));
    assert.match(`${error.message} ${error.hint}`, /latest\.json says that it is gzip, and is not: .*Delete it/);
    await store.put("k", patternBytes(3_000_000));
    const stop = new AbortController();
    const blob = await store.get("k", { signal: stop.signal });
    assert.ok(blob !== null);
    const reason = new Error("enough");
    await assert.rejects(
      (async () => {
        for await (const _ of blob.body) stop.abort(reason);
      })(),
      (thrown) => thrown === reason,
    );
    const cancelled = await store.get("k");
    cancelled?.cancel();
    cancelled?.cancel();
  });

  it("goes on with an unpacked body where its connection was cut", async () => {
    const bytes = patternBytes(1_000_000, 2);
    await store.put("k", bytes);
    let cuts = 2;
    const server = await startFaultServer(moto, ({ method, url }) =>
      method === "GET" && !url.includes("list-type") && cuts-- > 0 ? { cutAfterBytes: 300_000 } : "pass",
    );
    const behind = await openS3(server.endpoint, place, { published: true });
    assert.ok((await bytesAt(behind, "k"))?.equals(bytes));
    assert.ok(cuts < 0);
  });
});
