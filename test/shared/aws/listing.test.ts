/** A dataset's folders are listed side by side, and no more of them at once than the adapter's bound in flight. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import type { DatasetSpec } from "../../../shared/dataset/types.ts";
import { atEnd } from "../../support/cleanup.ts";
import { openS3, useTestCredentials } from "../../support/s3-on-moto.ts";

/** The catalog's promise, and the adapter's. */
const atOnce = 64;
/** More than there may be at once: should the bound not hold, more than it are asked for. */
const dayCount = 2 * atOnce + 22;
/** Answers are held for so long once as many are asked for as may be: whoever asks for more does it by then. */
const moreWouldComeMs = 300;
const dayMs = 86_400_000;
const days = Array.from(
  { length: dayCount },
  (_, i) => `dt=${new Date(Date.UTC(2026, 0, 1) + i * dayMs).toISOString().slice(0, 10)}/`,
);
const keysOfDay = 3;

function listOf(keys: readonly string[], prefixes: readonly string[], next?: string): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>1</Size></Contents>`,
  );
  const below = prefixes.map(
    (prefix) => `<CommonPrefixes><Prefix>${encodeURIComponent(prefix)}</Prefix></CommonPrefixes>`,
  );
  const more = next === undefined ? "false" : "true";
  const token = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  return `<?xml version="1.0"?>\n<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${contents.join("")}${below.join("")}</ListBucketResult>`;
}

describe("lists of a bucket", () => {
  before(useTestCredentials);

  it("are asked for by prefix side by side, as many as the catalog promises and no more", async () => {
    let inFlight = 0;
    let most = 0;
    /** Answers wait until so many are asked for as may be: a sync that lists one after another never gets one. */
    let waiting: (() => void)[] | undefined = [];
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? "/", "http://x").searchParams;
      const prefix = query.get("prefix") ?? "";
      const answer = (body: string): void => {
        response.writeHead(200, { date: new Date().toUTCString(), "content-type": "application/xml" });
        response.end(request.method === "HEAD" ? undefined : body);
      };
      if (!days.includes(prefix)) {
        answer(listOf([], days));
        return;
      }
      most = Math.max(most, ++inFlight);
      // One key on each page, so that a prefix takes several requests.
      const page = Number(query.get("continuation-token") ?? 0);
      const next = page + 1 < keysOfDay ? String(page + 1) : undefined;
      const respond = (): void => {
        inFlight--;
        answer(listOf([`${prefix}${page}.json`], [], next));
      };
      if (waiting === undefined) {
        setImmediate(respond);
        return;
      }
      if (waiting.push(respond) !== atOnce) return;
      setTimeout(() => {
        for (const held of waiting ?? []) held();
        waiting = undefined;
      }, moreWouldComeMs);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
    const store = await openS3(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "s3://bucket");
    const catalog = await Catalog.open(":memory:", { clock: systemClock, random: systemRandom });
    atEnd(() => catalog.close());
    const dataset: DatasetSpec = {
      name: "logs",
      place: store.name,
      layout: "dt={date:yyyy-MM-dd}/",
      records: "ndjson",
    };
    const { listed, added, prefixes } = await syncCatalog(catalog, dataset, store, {});
    assert.deepEqual([listed, added, prefixes], [days.length * keysOfDay, days.length * keysOfDay, days.length + 1]);
    assert.equal(waiting, undefined);
    assert.equal(most, atOnce);
  });
});
