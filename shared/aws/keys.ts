/**
 * Places in S3 and keys in them: `s3://bucket/prefix`, where a blob's key is what follows the prefix and its `/`; and the one
 * codec for keys in listings.
 *
 * Lists come with `encoding-type=url`, because XML cannot hold control characters: percent escapes of UTF-8, a space as `+`
 * or `%20` (AWS does the first, other servers the second), `/` and unreserved characters as they are or escaped.
 */
import { SpotfoldError } from "../errors.ts";
import { keyBytesMax } from "../keys.ts";

export interface S3Place {
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly root: string;
  /** `s3://bucket/prefix`, without a `/` at the end. */
  readonly name: string;
}

/** Names of directory buckets, and of access points to them, end so, and no others may. */
const directoryBucketSuffixes = ["--x-s3", "--xa-s3"];

/**
 * Throws `usage` for what names no bucket, `store-unfit` for a directory bucket. An access point goes by its alias, which is
 * used as a bucket's name is; its ARN is no place, since a `/` in it is none between bucket and prefix.
 */
export function parseS3Place(text: string): S3Place {
  const match = /^s3:\/\/([^/]+)((?:\/.*)?)$/is.exec(text);
  const bucket = match?.[1];
  if (bucket === undefined) {
    throw new SpotfoldError("usage", `${JSON.stringify(text)} is no place in S3.`, {
      hint: "Write s3://BUCKET/PREFIX.",
    });
  }
  const path = (match?.[2] ?? "").replace(/^\//, "").replace(/\/+$/, "");
  const name = `s3://${bucket}${path === "" ? "" : `/${path}`}`;
  if (bucket.startsWith("arn:")) {
    throw new SpotfoldError("usage", `${JSON.stringify(text)} is an ARN, and no place in S3.`, {
      hint: "Write s3://BUCKET/PREFIX; of an access point, its alias as the bucket (it ends in -s3alias).",
    });
  }
  const directory = directoryBucketSuffixes.find((suffix) => bucket.endsWith(suffix));
  if (directory !== undefined) {
    throw new SpotfoldError("store-unfit", `${name} is in a directory bucket, which lists its keys in no order.`, {
      hint: `Use a general purpose bucket: one whose name does not end in ${directory}.`,
      context: { store: name, bucket },
    });
  }
  return { bucket, root: path === "" ? "" : `${path}/`, name };
}

/**
 * Whether S3 would make a bucket of this name. Buckets from before 2018 may have others, and so may an access point's alias:
 * what is there is for the server to judge.
 */
export function isNewBucketName(bucket: string): boolean {
  return /^(?!.*\.\.)(?!(?:[0-9]+\.){3}[0-9]+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket);
}

/** Whether S3 could hold this key at all. The others are answered without asking: a request for them would be for something else. */
export function mayExist(place: S3Place, key: string): boolean {
  return key !== "" && key.isWellFormed() && Buffer.byteLength(place.root) + Buffer.byteLength(key) <= keyBytesMax;
}

/** Throws `invalid-key` where place and key together are more than S3 takes. */
export function checkLength(place: S3Place, key: string): void {
  const bytes = Buffer.byteLength(place.root) + Buffer.byteLength(key);
  if (bytes <= keyBytesMax) return;
  throw new SpotfoldError(
    "invalid-key",
    `The key ${JSON.stringify(key)} has ${bytes} bytes below ${place.name}; S3 takes ${keyBytesMax} with the prefix.`,
    { hint: "Use a shorter prefix or shorter names.", context: { store: place.name, key } },
  );
}

/** A key or prefix of a list with `encoding-type=url`. Throws `invalid-format` for what is no such encoding. */
export function decodeListed(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch (error) {
    throw new SpotfoldError("invalid-format", `A list holds ${JSON.stringify(text)}, which is no encoded key.`, {
      hint: "The server must honour encoding-type=url.",
      cause: error,
    });
  }
}

/** Whether XML 1.0 can hold it, escaped: what it cannot is deleted by a request of its own, by its URL. */
export function fitsXml(key: string): boolean {
  // Noncharacters are no XML either, and parsers differ about the control characters above 0x7F.
  return !/[\p{Cc}\uFFFE\uFFFF]/u.test(key);
}

/** Whether an HTTP client leaves its URL as it is: `.` and `..` are taken for steps between folders. */
export function fitsUrl(key: string): boolean {
  return !key.split("/").some((segment) => segment === "." || segment === "..");
}

/** `arn:aws:s3:::bucket/root/key`, as policies name it. */
export function resourceOf(place: S3Place, key?: string): string {
  return `arn:aws:s3:::${place.bucket}${key === undefined ? "" : `/${place.root}${key}`}`;
}

/** Etags go without the quotes that the header has: opaque, but for that. */
export function bareEtag(header: string | undefined, where: string): string {
  if (header === undefined || header === "") {
    throw new SpotfoldError("store-unfit", `${where} gives its blobs no etags.`, {
      hint: "Use S3, or a server that has them.",
    });
  }
  return header.length >= 2 && header.startsWith('"') && header.endsWith('"') ? header.slice(1, -1) : header;
}

export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}
