/**
 * The bytes that a lent URL leads to, from the first to the last, whatever becomes of connections and of the URL.
 *
 *   open --bytes--> reading --cut, silent, refused--> wait -> a new URL -> open from here (Range, If-Match) -> reading ... -> all
 *                                                     absent, changed, archived, or too often without a byte: given up
 *
 * They end with the last of as many as the block has, never because a connection ended.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AwsCall } from "../../shared/aws/error-table.ts";
import { inWords } from "../../shared/aws/errors.ts";
import { faultOf } from "../../shared/aws/fault.ts";
import { systemRandom } from "../../shared/clock.ts";
import { isEnvironmental, SpotfoldError } from "../../shared/errors.ts";
import type { ErrorCode } from "../../shared/errors.ts";
import { httpAgents, httpGet } from "../../shared/http-get.ts";
import type { HttpAgents } from "../../shared/http-get.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import type { LentUrl } from "../../shared/ports/blob-store.ts";
import { refusalBytesMax, refusalOf } from "./url-refusal.ts";

/** Requests in a row that gave no byte. With the waits between them a server may be away for some seconds; a job comes back. */
export const openingsMax = 6;

/** Of those, so many refusals that another URL would have cured if it could: then the run is to be held, and soon. */
export const refusalsMax = 3;

/** Before the first repetition up to twice as long, and doubling, with full jitter: many workers are throttled at once. */
const retryMsDefault = 200;

/** What no other URL for the same block would cure. */
const finalCodes: ReadonlySet<ErrorCode> = new Set(["absent", "changed", "archived"]);

export interface UrlTerms {
  /** A connection of which nothing came for so long is given up. */
  readonly silentMs: number;
  readonly http: HttpTerms;
  readonly retryMs?: number;
}

export interface UrlBlock {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

/** `again`: lends it anew; what it throws passes through. Throws `SpotfoldError`s in the words that a store has for them. */
export type ReadUrl = (
  block: UrlBlock,
  first: LentUrl,
  again: () => Promise<LentUrl>,
) => AsyncGenerator<Uint8Array, void, undefined>;

/** For all blocks of one process: connections are used again. */
export function urlReader({ http, silentMs, retryMs = retryMsDefault }: UrlTerms): ReadUrl {
  const terms = { agents: httpAgents(http), silentMs, retryMs };
  return (block, first, again) => urlBytes(block, first, again, terms);
}

type Terms = Required<Omit<UrlTerms, "http">> & { readonly agents: HttpAgents };

async function* urlBytes(
  block: UrlBlock,
  first: LentUrl,
  again: () => Promise<LentUrl>,
  terms: Terms,
): AsyncGenerator<Uint8Array, void, undefined> {
  let lent = first;
  let position = 0;
  for (let openings = 1; ; openings++) {
    try {
      for await (const chunk of await open(block, lent, position, openings, terms)) {
        openings = 0;
        position += chunk.length;
        yield chunk;
      }
      if (position >= block.size) return;
      throw Object.assign(new Error("the connection ended early"), { code: "ECONNRESET" });
    } catch (error) {
      const told = error instanceof SpotfoldError ? error : wordsOf(error, lent, openings);
      const most = isEnvironmental(told.code) ? refusalsMax : openingsMax;
      if (finalCodes.has(told.code) || openings >= most) throw told;
    }
    // Whoever watches takes a pause that is much longer than a silence for a stall of the block.
    await sleep(systemRandom.float() * Math.min(terms.retryMs * 2 ** openings, terms.silentMs / 2));
    lent = await again();
  }
}

async function open(
  { etag }: UrlBlock,
  lent: LentUrl,
  position: number,
  openings: number,
  { silentMs, agents }: Terms,
): Promise<AsyncIterable<Uint8Array>> {
  const headers: Record<string, string> = { "if-match": `"${etag}"` };
  if (position > 0) headers["range"] = `bytes=${position}-`;
  const answer = await httpGet(lent.url, headers, silentMs, agents);
  const { status, body } = answer;
  if (status === (position > 0 ? 206 : 200)) return body;
  if (status === 200) {
    body.destroy();
    const { store } = callOf(lent);
    throw new SpotfoldError("store-unfit", `${store} does not answer to requests for a range.`, {
      hint: "Use S3, or a server that honours Range.",
    });
  }
  throw refusalOf({ status, headers: answer.headers, body: await beginningOf(body) }, callOf(lent), openings);
}

function wordsOf(error: unknown, lent: LentUrl, attempts: number): SpotfoldError {
  return inWords({ ...faultOf(error), attempts }, callOf(lent), error);
}

/** A URL is told without its query, which is its signature. */
function callOf({ url, names }: LentUrl): AwsCall {
  const { host, pathname } = new URL(url);
  return { action: "s3:GetObject", ...(names ?? { store: host, resource: `${host}${pathname}` }) };
}

/** What the answer says; what cannot be read says nothing. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= refusalBytesMax) break;
    }
  } catch {
    // Cut: what came has to do.
  }
  return Buffer.concat(chunks).subarray(0, refusalBytesMax).toString();
}
