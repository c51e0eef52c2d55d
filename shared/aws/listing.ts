/**
 * Lists of a bucket, in byte order, page by page.
 *
 * `after` with `shallow` needs care: when `after` lies below a prefix, S3 names that prefix again or not, by what it thinks of
 * it; here it is named exactly when a key below it comes after `after`, which one more request finds out.
 */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { compareKeys } from "../keys.ts";
import type { BlobInfo, ListOptions, ListPage } from "../ports/blob-store.ts";
import { bareEtag, decodeListed } from "./keys.ts";
import type { S3Requests } from "./requests.ts";

/** What S3 gives at most. */
const pageEntriesMax = 1_000;

const listAction = "s3:ListBucket";

export async function* listBlobs(
  requests: S3Requests,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ListPage> {
  const { signal, after } = options;
  signal?.throwIfAborted();
  const shallow = options.shallow ?? false;
  if (!prefix.isWellFormed()) {
    // S3 holds no such keys, and no request could name them; what it is asked for is the time.
    const answer = await page(requests, { prefix: "", after, shallow, token: undefined, signal, entriesMax: 1 });
    yield { blobs: [], prefixes: [], storeTime: requests.timeOf(answer) };
    return;
  }
  const within = shallow ? prefixAround(prefix, after) : undefined;
  let again = within !== undefined && after !== undefined && (await hasKeys(requests, within, after, signal));
  let token: string | undefined;
  do {
    const answer = await page(requests, { prefix, after, shallow, token, signal });
    const prefixes = (answer.CommonPrefixes ?? [])
      .map(({ Prefix }) => keyOf(requests, Prefix ?? ""))
      .filter((found) => found !== within && (after === undefined || compareKeys(found, after) > 0));
    // It comes before all others that are after `after`.
    if (again && within !== undefined) prefixes.unshift(within);
    again = false;
    yield { blobs: blobsOf(requests, answer, after), prefixes, storeTime: requests.timeOf(answer) };
    signal?.throwIfAborted();
    token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** The prefix, one level below `prefix`, under which `after` lies. */
function prefixAround(prefix: string, after: string | undefined): string | undefined {
  if (after === undefined || !after.startsWith(prefix)) return undefined;
  const slash = after.indexOf("/", prefix.length);
  return slash < 0 ? undefined : after.slice(0, slash + 1);
}

async function hasKeys(
  requests: S3Requests,
  prefix: string,
  after: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const answer = await page(requests, { prefix, after, shallow: false, token: undefined, signal, entriesMax: 1 });
  return (answer.Contents ?? []).length > 0;
}

interface PageRequest {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly shallow: boolean;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly entriesMax?: number;
}

async function page(requests: S3Requests, request: PageRequest): Promise<ListObjectsV2CommandOutput> {
  const { prefix, after, shallow, token, signal, entriesMax } = request;
  const { root } = requests.place;
  const input = {
    ...requests.common,
    Prefix: root + prefix,
    MaxKeys: entriesMax ?? pageEntriesMax,
    EncodingType: "url" as const,
    ...(shallow ? { Delimiter: "/" } : {}),
    ...(token === undefined
      ? after === undefined
        ? {}
        : { StartAfter: root + after.toWellFormed() }
      : { ContinuationToken: token }),
  };
  try {
    return await requests.send((client, options) => client.send(new ListObjectsV2Command(input), options), signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw requests.translated(error, listAction);
  }
}

function blobsOf(
  requests: S3Requests,
  answer: ListObjectsV2CommandOutput,
  after: string | undefined,
): readonly BlobInfo[] {
  const blobs: BlobInfo[] = [];
  for (const { Key, Size, ETag, LastModified } of answer.Contents ?? []) {
    const key = keyOf(requests, Key ?? "");
    // The place's own name, which consoles make to show a folder, is no key in it.
    if (key === "" || (after !== undefined && compareKeys(key, after) <= 0)) continue;
    blobs.push({
      key,
      size: Size ?? 0,
      etag: bareEtag(ETag, requests.place.name),
      // Whole seconds, as `head` and `get` tell them; some servers tell more here.
      lastModified: Math.floor((LastModified?.getTime() ?? 0) / 1000) * 1000,
    });
  }
  return blobs;
}

function keyOf(requests: S3Requests, encoded: string): string {
  return decodeListed(encoded).slice(requests.place.root.length);
}
