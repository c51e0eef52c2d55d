/** Conditional writes whose answers are lost, late or wrong: what is said is what is there. Bodies that are cut. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { s3ClientConfig } from "../../../shared/aws/client.ts";
import { partBytes } from "../../../shared/aws/writing.ts";
import type { S3BlobStore } from "../../../shared/aws/store.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
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
import type { Asked, Fate, FaultServer } from "../../support/fault-server.ts";
import { startMoto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../../support/s3-on-moto.ts";

const xml = (code: string, message = "words"): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>r</RequestId></Error>`;
const conflict = { status: 409, body: xml("ConditionalRequestConflict") };
const slowDown = { status: 503, body: xml("SlowDown", "Please reduce your request rate.") };
const internal200 = { status: 200, body: xml("InternalError", "We encountered an internal error. Please try again.") };

const isWrite = ({ method, url }: Asked): boolean => method === "PUT" && !url.includes("uploadId");
const isComplete = ({ method, url }: Asked): boolean => method === "POST" && url.includes("uploadId");
const isBody = ({ method, url }: Asked): boolean => method === "GET" && !url.includes("list-type");

/** Larger than a part: goes as a multipart upload. */
const large = patternBytes(partBytes + 100_000, 7);

describe("S3 when answers are lost", () => {
  needs("moto");
  let moto = "";
  let place = "";
  let direct: BlobStore;

  before("start moto", async function startHook() {
    this.timeout(90_000);
    const started = await startMoto();
    useMotoCredentials(started);
    moto = started.endpoint;
  });

  beforeEach(async () => {
    place = await newBucket(moto);
    direct = await openS3(moto, place);
  });

  /** A store behind a server that gives the n-th request that `picks` its fate of `fates`, and lets all others pass. */
  async function behind(
    picks: (asked: Asked) => boolean,
    fates: readonly Fate[],
    attemptsMax = 3,
    silentMsMax = 10_000,
  ): Promise<{ store: S3BlobStore; server: FaultServer }> {
    let next = 0;
    const server = await startFaultServer(moto, (asked) => (picks(asked) ? (fates[next++] ?? "pass") : "pass"));
    return { store: await openS3(server.endpoint, place, { aws: { attemptsMax, silentMsMax } }), server };
  }

  const always = (fate: Fate): readonly Fate[] => Array.from({ length: 50 }, () => fate);

  describe("create", () => {
    for (const [what, fates, attemptsMax] of [
      ["a reply that is lost", ["lose-reply"], 1],
      ["a reply that is lost, before the SDK tries again", ["lose-reply"], 3],
      ["three lost replies", ["lose-reply", "lose-reply", "lose-reply"], 1],
      ["a request that is lost", ["lose-request"], 1],
      ["a conflict that had no effect", [{ answer: conflict }, { answer: conflict }], 1],
      ["a conflict that had one", [{ answer: conflict, effect: true }], 1],
      ["a 500 after the effect", [{ answer: { status: 500, body: xml("InternalError") }, effect: true }], 1],
      [
        "a failed condition after the effect",
        [{ answer: { status: 412, body: xml("PreconditionFailed") }, effect: true }],
        1,
      ],
      ["SlowDown", [{ answer: slowDown }, { answer: slowDown }], 3],
    ] as const satisfies readonly (readonly [string, readonly Fate[], number])[]) {
      it(`is settled after ${what}`, async () => {
        const { store, server } = await behind(isWrite, fates, attemptsMax);
        const made = await store.create("k", bytesOf("mine"));
        assert.equal(made.created, true);
        assert.equal(made.etag, (await direct.head("k"))?.etag);
        assert.equal(await textAt(direct, "k"), "mine");
        assert.ok(server.asked.filter(isWrite).length >= 1);
        const again = await store.create("k", bytesOf("mine"));
        assert.equal(again.created, false, "the same bytes by somebody else are not ours");
      });
    }

    it("says what exists when the request was lost and somebody else came first", async () => {
      const { store } = await behind(isWrite, ["lose-request"], 1);
      await direct.create("k", bytesOf("theirs"));
      const made = await store.create("k", bytesOf("mine"));
      assert.ok(!made.created);
      assert.equal(Buffer.from(made.existing).toString(), "theirs");
    });

    it("fails, with words, when nothing gets through", async () => {
      const { store } = await behind(isWrite, always("lose-request"), 1);
      const error = await failsWith("store-unavailable", store.create("k", bytesOf("mine")));
      assert.equal(error.retryable, true);
      assert.equal(await direct.head("k"), null);
    });

    it("is settled for a multipart upload: lost reply, an error inside a 200, a conflict, a race that is lost", async () => {
      for (const fate of [
        "lose-reply",
        { answer: internal200, effect: true },
        { answer: internal200 },
        { answer: conflict },
      ] as const) {
        const { store } = await behind(isComplete, [fate], 1);
        const made = await store.create("k", large);
        assert.equal(made.created, true, JSON.stringify(fate));
        assert.ok((await bytesAt(direct, "k"))?.equals(large));
        const lost = await store.create("k", patternBytes(large.length, 8));
        assert.ok(!lost.created && Buffer.from(lost.existing).equals(large));
        await direct.delete(["k"]);
      }
      await noUploads();
    }).timeout(60_000);
  });

  describe("swap", () => {
    for (const [what, fates, attemptsMax] of [
      ["a reply that is lost", ["lose-reply"], 1],
      ["a reply that is lost, before the SDK tries again", ["lose-reply"], 3],
      ["a request that is lost", ["lose-request"], 1],
      ["a conflict that had no effect", [{ answer: conflict }], 1],
      ["a 503 after the effect", [{ answer: slowDown, effect: true }], 1],
    ] as const satisfies readonly (readonly [string, readonly Fate[], number])[]) {
      it(`is settled after ${what}, from nothing and from something`, async () => {
        const { etag } = await direct.put("old", bytesOf("old"));
        for (const [key, expected] of [
          ["new", null],
          ["old", etag],
        ] as const) {
          const { store } = await behind(isWrite, fates, attemptsMax);
          const swapped = await store.swap(key, bytesOf("mine"), expected);
          assert.ok(swapped.swapped);
          assert.equal(swapped.etag, (await direct.head(key))?.etag);
          assert.equal(await textAt(direct, key), "mine");
          assert.equal((await store.swap(key, bytesOf("late"), expected)).swapped, false);
        }
      });
    }

    it("is lost when somebody else swapped while our request was lost, also back and forth", async () => {
      const { etag } = await direct.put("k", bytesOf("old"));
      const { store } = await behind(isWrite, ["lose-request"], 1);
      await direct.put("k", bytesOf("theirs"));
      assert.equal((await store.swap("k", bytesOf("mine"), etag)).swapped, false);
      assert.equal(await textAt(direct, "k"), "theirs");
    });
  });

  it("puts large blobs although the reply to the last request is lost, and leaves no upload behind when a part fails", async () => {
    const { store } = await behind(isComplete, ["lose-reply"], 1);
    const { etag } = await store.put("k", inChunks(large, 1_000_000));
    assert.equal(etag, (await direct.head("k"))?.etag);
    const isPart = ({ method, url }: Asked): boolean => method === "PUT" && url.includes("uploadId");
    const failing = await behind(isPart, always({ answer: { status: 400, body: xml("BadDigest") } }), 1);
    await failsWith("store-unavailable", failing.store.put("part", inChunks(large, 1_000_000)));
    assert.deepEqual(await keysAt(direct, ""), ["k"]);
    await noUploads();
  }).timeout(30_000);

  describe("a download", () => {
    const bytes = patternBytes(1_500_000, 3);

    it("goes on where it was cut, under the etag that it began with, whole and in a range", async () => {
      const { etag } = await direct.put("k", bytes);
      for (const [start, end] of [
        [0, bytes.length],
        [123_456, 1_400_000],
      ] as const) {
        const cuts = [
          { cutAfterBytes: 500_000 },
          { cutAfterBytes: 0 },
          "lose-reply",
          { cutAfterBytes: 300_000 },
        ] as const;
        const { store, server } = await behind(isBody, cuts);
        const blob = await store.get("k", start === 0 ? {} : { range: { start, end } });
        assert.ok(blob !== null);
        assert.ok((await collect(blob.body)).equals(bytes.subarray(start, end)));
        const gets = server.asked.filter(isBody);
        assert.equal(gets.length, 5);
        assert.equal(gets[1]?.headers.range, `bytes=${start + 500_000}-${end - 1}`);
        assert.ok(gets.slice(1).every(({ headers }) => headers["if-match"] === `"${etag}"`));
      }
    });

    it("goes on when the connection is silent, but lets a reader pause for as long as it likes", async () => {
      await direct.put("k", bytes);
      const { store, server } = await behind(isBody, [{ silentAfterBytes: 200_000 }, { silentAfterBytes: 0 }], 3, 150);
      const blob = await store.get("k");
      assert.ok(blob !== null);
      assert.ok((await collect(blob.body)).equals(bytes));
      assert.equal(server.asked.filter(isBody).length, 3);
      const slowly = await store.get("k");
      assert.ok(slowly !== null);
      const chunks: Uint8Array[] = [];
      for await (const chunk of slowly.body) {
        if (chunks.push(chunk) === 1) await sleep(500);
      }
      assert.ok(Buffer.concat(chunks).equals(bytes));
      assert.equal(server.asked.filter(isBody).length, 4);
    });

    it("fails with `changed` when the blob is replaced, or deleted, while it is cut", async () => {
      for (const meanwhile of [() => direct.put("k", patternBytes(1_500_000, 4)), () => direct.delete(["k"])]) {
        await direct.put("k", bytes);
        const { store } = await behind(isBody, [
          { cutAfterBytes: 700_000, meanwhile: async () => void (await meanwhile()) },
        ]);
        const blob = await store.get("k");
        assert.ok(blob !== null);
        let read = 0;
        await failsWith(
          "changed",
          (async () => {
            for await (const chunk of blob.body) read += chunk.length;
          })(),
        );
        assert.ok(read <= 700_000);
      }
    });

    it("takes no blob from its beginning for the rest of it, when a server ignores the range", async () => {
      const text = "a".repeat(100_000);
      const { etag } = await direct.put("k", bytesOf(text));
      const whole = { answer: { status: 200, headers: { etag: `"${etag}"` }, body: text } };
      const { store } = await behind(isBody, [{ cutAfterBytes: 30_000 }, whole]);
      const blob = await store.get("k");
      assert.ok(blob !== null);
      await failsWith("store-unfit", collect(blob.body));
    });

    it("gives up, with words, when no byte comes any more", async () => {
      await direct.put("k", bytes);
      const { store } = await behind(isBody, [{ cutAfterBytes: 1_000 }, ...always("lose-request")], 1);
      const blob = await store.get("k");
      assert.ok(blob !== null);
      await failsWith("store-unavailable", collect(blob.body));
    });
  });

  it("tries again what is throttled, and says so when it stays so", async () => {
    await direct.put("k", bytesOf("x"));
    const { store, server } = await behind(isBody, [{ answer: slowDown }, { answer: slowDown }]);
    assert.equal(await textAt(store, "k"), "x");
    assert.equal(server.asked.filter(isBody).length, 3);
    const throttled = await behind(isBody, always({ answer: slowDown }), 2);
    const error = await failsWith("store-unavailable", throttled.store.get("k"));
    assert.equal(error.retryable, true);
    assert.match(error.message, /throttles: refused 2 times/);
  });

  async function noUploads(): Promise<void> {
    const client = new S3Client(s3ClientConfig({ s3Endpoint: moto, region: "us-east-1" }));
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: place.slice("s3://".length) }));
    client.destroy();
    assert.deepEqual(Uploads ?? [], []);
  }
});
