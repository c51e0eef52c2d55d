/** What is special to S3 beside the contract: prefixes, foreign keys, regions, races of many clients, terms, large bodies. */
import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { lendFault } from "../../../executor/launch/causes.ts";
import { s3ClientConfig } from "../../../shared/aws/client.ts";
import type { BucketTerms } from "../../../shared/aws/requests.ts";
import { partBytes } from "../../../shared/aws/writing.ts";
import { compareKeys } from "../../../shared/keys.ts";
import {
  bytesAt,
  bytesOf,
  failsWith,
  inChunks,
  keysAt,
  listed,
  patternBytes,
  textAt,
} from "../../support/blob-store-helpers.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { startMoto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../../support/s3-on-moto.ts";

describe("S3BlobStore", () => {
  needs("moto");
  let moto = "";

  before("start moto", async function startHook() {
    this.timeout(90_000);
    const started = await startMoto();
    useMotoCredentials(started);
    moto = started.endpoint;
  });

  async function rawClient<T>(use: (client: S3Client) => Promise<T>, region = "us-east-1"): Promise<T> {
    const client = new S3Client(s3ClientConfig({ s3Endpoint: moto, region }));
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  }

  it("keeps to its prefix, and is named by it", async () => {
    const bucket = await newBucket(moto);
    const [a, ab, whole] = [
      await openS3(moto, `${bucket}/a/`),
      await openS3(moto, `${bucket}/a/b`),
      await openS3(moto, bucket),
    ];
    assert.equal(a.name, `${bucket}/a`);
    for (const key of ["a/x", "a/b/y", "ab", "a/b0"]) await whole.put(key, bytesOf(key));
    // Consoles make these for folders.
    await rawClient((client) =>
      client.send(new PutObjectCommand({ Bucket: bucket.slice(5), Key: "a/", Body: bytesOf("") })),
    );
    assert.deepEqual(await keysAt(a, ""), ["b/y", "b0", "x"]);
    assert.deepEqual((await listed(a, "", { shallow: true })).prefixes, ["b/"]);
    assert.deepEqual(await keysAt(a, "", { after: "b/y" }), ["b0", "x"]);
    assert.deepEqual((await listed(a, "", { shallow: true, after: "b/a" })).prefixes, ["b/"]);
    assert.deepEqual((await listed(a, "", { shallow: true, after: "b/y" })).prefixes, []);
    assert.equal(await textAt(ab, "y"), "a/b/y");
    await a.delete(["x", "y", "b/y"]);
    assert.deepEqual(await keysAt(whole, ""), ["a/", "a/b0", "ab"]);
    await failsWith("invalid-key", a.put(`${"k".repeat(200)}/`.repeat(5) + "k".repeat(19), bytesOf("x")));
  });

  it("reads, lists and deletes keys of others with all that S3 allows (moto takes no line feed in a path)", async () => {
    const store = await openS3(moto, `${await newBucket(moto)}/p`);
    const bucket = store.name.slice("s3://".length, -"/p".length);
    const unit = fc.constantFrom(
      ...Array.from("aZ09-_.~!*'()/%+ &$@=;:,?#<>\"\\{}^`[]|"),
      "\t",
      "\r",
      "\u0001",
      "\u007F",
      "é",
      "\uFFFD",
      "😀",
      "//",
    );
    const key = fc
      .string({ unit, minLength: 1, maxLength: 8 })
      .filter((text) => !text.split("/").some((segment) => segment === "." || segment === ".."));
    await rawClient(async (client) => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), async (keys) => {
          await Promise.all(
            keys.map((key) =>
              client.send(new PutObjectCommand({ Bucket: bucket, Key: `p/${key}`, Body: bytesOf(key) })),
            ),
          );
          assert.deepEqual(await keysAt(store, ""), keys.toSorted(compareKeys));
          for (const key of keys) {
            assert.equal(await textAt(store, key), key);
            const lent = await store.lend(key);
            assert.ok(lent.kind === "url");
            assert.equal(await (await fetch(lent.url)).text(), key);
          }
          await store.delete(keys);
          assert.deepEqual(await keysAt(store, ""), []);
        }),
        { numRuns: 15 },
      );
    });
    const unnamed = await failsWith("absent", store.lend("a/../b"));
    assert.match(lendFault(0, "a/../b", unnamed).message, /^its key has the segment .* no URL can name: rename it$/);
  }).timeout(60_000);

  it("finds the region of the bucket, whatever the settings say", async () => {
    const Bucket = `spotfold-far-${process.pid}`;
    await rawClient(
      (client) =>
        client.send(
          new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }),
        ),
      "eu-west-1",
    );
    const server = await startFaultServer(moto, () => "pass");
    const store = await openS3(server.endpoint, `s3://${Bucket}`);
    await store.put("k", bytesOf("x"));
    const lent = await store.lend("k");
    assert.ok(lent.kind === "url" && lent.url.includes("eu-west-1"));
    const regions = server.asked.map(
      ({ headers }) => /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1],
    );
    assert.deepEqual(regions, ["us-east-1", "eu-west-1"]);
  });

  for (const [what, answer] of [
    ["a redirect", { status: 301, headers: { "x-amz-bucket-region": "eu-north-1" } }],
    ["a refusal", { status: 403, headers: { "x-amz-bucket-region": "eu-north-1" } }],
    ["a bad request", { status: 400, headers: { "x-amz-bucket-region": "eu-north-1" } }],
  ] as const) {
    it(`finds the region in ${what}`, async () => {
      const server = await startFaultServer("", () => ({ answer }));
      const store = await openS3(server.endpoint, "s3://bucket");
      const lent = await store.lend("k");
      assert.ok(lent.kind === "url" && lent.url.includes("eu-north-1"));
      assert.equal(server.asked.length, 1);
    });
  }

  it("goes through a proxy where one is set", async () => {
    const proxy = await startFaultServer("", () => ({ answer: { status: 200 } }));
    await openS3("http://s3.invalid", "s3://bucket", { aws: { proxy: { HTTP_PROXY: proxy.endpoint } } });
    assert.deepEqual(
      proxy.asked.map(({ method, url }) => `${method} ${url}`),
      ["HEAD http://s3.invalid/bucket/"],
    );
  });

  it("lets one of 8 clients win each create and each swap, and all of them see who", async () => {
    const place = await newBucket(moto);
    const clients = await Promise.all(Array.from({ length: 8 }, () => openS3(moto, place)));
    for (let round = 0; round < 4; round++) {
      const created = await Promise.all(clients.map((store, i) => store.create(`k${round}`, bytesOf(`${i}`))));
      const winners = created.flatMap(({ created }, i) => (created ? [`${i}`] : []));
      assert.equal(winners.length, 1);
      for (const result of created)
        if (!result.created) assert.equal(Buffer.from(result.existing).toString(), winners[0]);
      const etag = created[0]?.etag ?? "";
      const swapped = await Promise.all(clients.map((store, i) => store.swap(`k${round}`, bytesOf(`swap ${i}`), etag)));
      assert.equal(swapped.filter(({ swapped }) => swapped).length, 1);
      const winner = swapped.findIndex(({ swapped }) => swapped);
      assert.equal(await textAt(clients[7 - winner] as (typeof clients)[0], `k${round}`), `swap ${winner}`);
    }
  });

  it("lets one of several win a create that goes in parts", async () => {
    const place = await newBucket(moto);
    const clients = await Promise.all(Array.from({ length: 3 }, () => openS3(moto, place)));
    const bodies = clients.map((_, i) => patternBytes(partBytes + 5, i + 1));
    const created = await Promise.all(clients.map((store, i) => store.create("k", bodies[i] as Uint8Array)));
    assert.equal(created.filter(({ created }) => created).length, 1);
    const winner = bodies[created.findIndex(({ created }) => created)] as Uint8Array;
    assert.ok((await bytesAt(clients[0] as (typeof clients)[0], "k"))?.equals(winner));
    for (const result of created) if (!result.created) assert.ok(Buffer.from(result.existing).equals(winner));
  }).timeout(30_000);

  it("copies what it is given, also out of a Buffer, whose slices are none", async () => {
    const place = await newBucket(moto);
    const bytes = patternBytes(2 * partBytes + 30_000, 4);
    const reused = async function* (): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(partBytes / 4 + 5);
      for (let offset = 0; offset < bytes.length; offset += buffer.length) {
        const part = bytes.subarray(offset, offset + buffer.length);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
      }
    };
    for (const published of [false, true]) {
      const store = await openS3(moto, place, { published });
      await store.put(`k-${published}`, reused());
      assert.ok((await bytesAt(store, `k-${published}`))?.equals(bytes), `published: ${published}`);
    }
  }).timeout(30_000);

  it("streams a large body in parts, and never asks for more than it can send", async () => {
    const store = await openS3(moto, await newBucket(moto));
    const bytes = patternBytes(5 * partBytes + 12_345, 9);
    const { etag } = await store.put("k", inChunks(bytes, 3_000_000));
    assert.equal((await store.head("k"))?.etag, etag);
    assert.ok((await bytesAt(store, "k"))?.equals(bytes));
    const range = { start: partBytes - 10, end: partBytes + 10 };
    assert.ok((await bytesAt(store, "k", { range }))?.equals(bytes.subarray(range.start, range.end)));
  }).timeout(30_000);

  /** One call of each kind, single and in parts, on a store with these terms; what was asked of the server, by what it is. */
  async function everyRequest(terms: BucketTerms): Promise<ReadonlyMap<string, readonly IncomingHttpHeaders[]>> {
    const place = await newBucket(moto);
    let partFails = false;
    const server = await startFaultServer(moto, ({ method, url }) =>
      partFails && method === "PUT" && url.includes("partNumber=2") ? { answer: { status: 400 } } : "pass",
    );
    const store = await openS3(server.endpoint, place, terms);
    const large = patternBytes(partBytes + 1);
    const { etag } = await store.put("k", bytesOf("x"));
    await store.put("large", large);
    await store.create("new", bytesOf("x"));
    assert.ok((await store.swap("k", bytesOf("y"), etag)).swapped);
    assert.ok((await store.swap("large-new", large, null)).swapped);
    partFails = true;
    await assert.rejects(store.put("broken", large));
    assert.equal(await textAt(store, "k"), "y");
    assert.equal((await store.head("k"))?.size, 1);
    assert.equal((await keysAt(store, "")).length, 4);
    // XML cannot hold the first: it is deleted by its URL.
    await store.delete(["a\tb", "new"]);
    const asked = new Map<string, IncomingHttpHeaders[]>();
    for (const { method, url, headers } of server.asked) {
      const query = new URL(url, server.endpoint).searchParams;
      const what = ["uploads", "partNumber", "uploadId", "list-type", "delete"].find((name) => query.has(name));
      const isBucket = method === "HEAD" && !url.startsWith(`/${place.slice("s3://".length)}/k`);
      const name = isBucket ? "HEAD bucket" : what === undefined ? method : `${method} ${what}`;
      asked.set(name, [...(asked.get(name) ?? []), headers]);
    }
    return asked;
  }

  const parts = ["DELETE uploadId", "POST uploadId", "POST uploads", "PUT partNumber"];
  const all = ["DELETE", "GET", "GET list-type", "HEAD", "POST delete", "PUT", ...parts];

  it("says with each request who pays, also in URLs that are lent, and not of itself", async () => {
    const paid = await everyRequest({ requesterPays: true });
    // Asking for the bucket takes no such header: S3 refuses it, and says in which region it is.
    assert.deepEqual([...paid.keys()].toSorted(), ["HEAD bucket", ...all].toSorted());
    for (const [what, headers] of paid) {
      if (what === "HEAD bucket") continue;
      assert.ok(
        headers.every((of) => of["x-amz-request-payer"] === "requester"),
        what,
      );
    }
    const place = await newBucket(moto);
    const lent = await (await openS3(moto, place, { requesterPays: true })).lend("k");
    assert.ok(lent.kind === "url" && lent.url.includes("x-amz-request-payer=requester"));
    for (const headers of (await everyRequest({})).values())
      assert.ok(headers.every((of) => of["x-amz-request-payer"] === undefined));
    const unpaid = await (await openS3(moto, place)).lend("k");
    assert.ok(unpaid.kind === "url" && !unpaid.url.includes("payer"));
  }).timeout(30_000);

  it("asks a bucket that others pay for in the same words, where it has to list to find out more", async () => {
    const server = await startFaultServer("", ({ method }) => ({ answer: { status: method === "HEAD" ? 403 : 200 } }));
    await openS3(server.endpoint, "s3://bucket", { requesterPays: true });
    assert.deepEqual(
      server.asked.map(({ method, headers }) => [method, headers["x-amz-request-payer"]]),
      [
        ["HEAD", undefined],
        ["GET", "requester"],
      ],
    );
  });

  it("says with each write how to encrypt, single, under a condition and in parts, and with nothing else", async () => {
    const arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const asked = await everyRequest({ kmsKeyId: arn });
    // The request that begins an upload says it for all of its parts.
    assert.equal(asked.get("PUT")?.length, 3);
    assert.equal(asked.get("POST uploads")?.length, 3);
    for (const [what, all] of asked) {
      const isWrite = what === "PUT" || what === "POST uploads";
      for (const headers of all) {
        assert.equal(headers["x-amz-server-side-encryption"], isWrite ? "aws:kms" : undefined, what);
        assert.equal(headers["x-amz-server-side-encryption-aws-kms-key-id"], isWrite ? arn : undefined, what);
      }
    }
    for (const headers of [...(await everyRequest({})).values()].flat())
      assert.ok(!Object.keys(headers).some((name) => name.includes("encryption")));
  }).timeout(30_000);

  it("keeps what it wrote under the key that was named, and reads it without naming one", async () => {
    const place = await newBucket(moto);
    const store = await openS3(moto, place, { kmsKeyId: "alias/spotfold" });
    await store.put("one", bytesOf("x"));
    await store.put("parts", patternBytes(partBytes + 1));
    await rawClient(async (client) => {
      for (const Key of ["one", "parts"]) {
        const head = await client.send(new HeadObjectCommand({ Bucket: place.slice("s3://".length), Key }));
        assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId], ["aws:kms", "alias/spotfold"], Key);
      }
    });
    assert.equal(await textAt(await openS3(moto, place), "one"), "x");
  }).timeout(30_000);
});
