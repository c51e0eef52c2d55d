/** Segments that are merged and rendered out of S3: cuts, silence, credentials that ran out on the way, refusals in words. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { ChildExecutors } from "../../../executor/launch/executors.ts";
import type { BundleRef, SegmentSlice } from "../../../executor/types.ts";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import { encodeKey } from "../../../shared/segment/key.ts";
import { syncFileSource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import type { Fate, FaultServer } from "../../support/fault-server.ts";
import { startRangeServer } from "../../support/range-server.ts";
import { openS3, useTestCredentials } from "../../support/s3-on-moto.ts";
import { limits, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

const source = 'export default { name: "sums", key: ["os"], merge: (a, b) => a + b, map() {} };';

function segmentOf(entries: readonly (readonly [string, string, number])[]): Buffer {
  const parts: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => void parts.push(bytes), { columns: 2 });
  for (const [partition, os, value] of entries) writer.addText(encodeKey([partition, os]), String(value));
  writer.finish();
  return Buffer.concat(parts);
}

const segments = [
  segmentOf([
    ["p1", "Darwin", 1],
    ["p2", "Darwin", 2],
  ]),
  segmentOf([["p1", "Linux", 4]]),
];

interface Bench {
  readonly setting: Setting;
  readonly server: FaultServer;
  readonly executors: ChildExecutors;
  readonly task: { bundle: BundleRef; columns: number; publishBy: number; slices: SegmentSlice[] };
}

/** GET number n of the first segment meets the n-th fate, later ones pass. */
async function bench(fates: readonly Fate[]): Promise<Bench> {
  const made = setting();
  const { endpoint } = await startRangeServer({
    "/bucket/s0": segments[0] ?? Buffer.of(),
    "/bucket/s1": segments[1] ?? Buffer.of(),
  });
  let gets = 0;
  const server = await startFaultServer(endpoint, ({ method, url }) =>
    method === "GET" && url.startsWith("/bucket/s0") ? (fates[gets++] ?? "pass") : "pass",
  );
  const store: BlobStore = await openS3(server.endpoint, "s3://bucket", { aws: { attemptsMax: 1, silentMsMax: 300 } });
  const slices = [
    ["s0", "p1"],
    ["s0", "p2"],
    ["s1", "p1"],
  ].map(([key = "", partition = ""], i) => ({ store, key, size: segments[i >> 1]?.length ?? 0, partition }));
  return {
    setting: made,
    server,
    executors: new ChildExecutors({ scratch: made.scratch, limits }),
    task: { bundle: made.bundle(source), columns: 1, publishBy: 0, slices },
  };
}

const refused = (status: number, code: string, message: string): Fate => ({
  answer: { status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` },
});

describe("segments in S3", function remoteSegments() {
  this.timeout(30_000);

  before(useTestCredentials);

  it("are merged as if nothing had been cut or silent, each fetched once", async () => {
    const { executors, task, server } = await bench([{ cutAfterBytes: 5 }, { silentAfterBytes: 7 }]);
    const merged = await executors.merge(task);
    const file = syncFileSource(merged.path);
    const cursor = SyncSegmentReader.open(file).cursor();
    const entries: string[] = [];
    while (cursor.next()) entries.push([keyOf(cursor), valueOf(cursor)].map((part) => Buffer.from(part)).join("="));
    file.close();
    await merged.release();
    assert.deepEqual(entries, ["p1\tDarwin=1", "p1\tLinux=4", "p2\tDarwin=2"]);
    const gets = server.asked.filter(({ method }) => method === "GET");
    assert.deepEqual(
      gets
        .map(({ url, headers }) => [url.replace(/\?.*/, ""), headers.range?.replace(/-.*/, "")])
        .toSorted(([a], [b]) => (a === b ? 0 : (a ?? "") < (b ?? "") ? -1 : 1)),
      [
        ["/bucket/s0", undefined],
        ["/bucket/s0", "bytes=5"],
        ["/bucket/s0", "bytes=12"],
        ["/bucket/s1", undefined],
      ],
    );
  });

  it("say in words why they cannot be read, and leave nothing behind", async () => {
    const denied =
      "User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k";
    for (const [fate, code, hint] of [
      [refused(403, "AccessDenied", denied), "access-denied", /"Action":"s3:GetObject","Resource":"arn:aws:s3:::b\/k"/],
      [refused(400, "ExpiredToken", "expired"), "no-credentials", /aws sso login/],
    ] as const) {
      const { executors, task, setting: made } = await bench([fate]);
      await assert.rejects(executors.merge(task), { code, hint });
      assert.deepEqual(readdirSync(made.scratch), []);
    }
    const { executors, task } = await bench([refused(404, "NoSuchKey", "none")]);
    await assert.rejects(executors.merge(task), { code: "absent", message: "s3://bucket has no s0" });
  });
});
