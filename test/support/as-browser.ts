/** A plain GET, as a browser sends it: signed by its URL at most, and the body as it came over the wire. */
import assert from "node:assert/strict";
import { get } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As sent. */
  readonly raw: Buffer;
  /** As a browser shows it: unpacked where the headers say so. */
  readonly content: Buffer;
}

/** The blob of a store that lends URLs. */
export async function asBrowser(store: BlobStore, key: string): Promise<Fetched> {
  const lent = await store.lend(key);
  assert.ok(lent.kind === "url");
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(lent.url, { headers: { "accept-encoding": "gzip" }, agent: false }, resolve).on("error", reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const { statusCode: status = 0, headers } = response;
  return { status, headers, raw, content: headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw };
}
