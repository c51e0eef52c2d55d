/**
 * Which files of a folder are published, and may be served. The folder is one aggregate's (it holds coverage.json), or has
 * one folder for each aggregate. Of an aggregate there are:
 *
 *   coverage.json, and the pointer that it names          swapped: never cached
 *   index.html                                            the page that shows it: never cached
 *   what the page loads, `<name>-<10 hex>.js` and `.css`  written once: cached for ever
 *   files in folders named `…<number>-<8 hex>`            the same
 *
 * Everything else is as if it were not there: hidden names (the store's own area among them), links, what lies beside.
 */
import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { isId } from "../../shared/names.ts";

export const coverageName = "coverage.json";
/** As `publish` names the page, and what it loads. */
export const pageName = "index.html";
const loadedPattern = /^[a-z]+-[0-9a-f]{10}\.(?:js|css)$/;

export interface Aggregate {
  readonly name: string;
  /** The first segment of its URLs; "" when the folder is the aggregate's own. */
  readonly segment: string;
  readonly pointer: string;
  readonly snapshot: number;
  readonly asOf: string;
  readonly blocks: { readonly covered: number; readonly missing: number };
  /** Whether there is a page that shows it. */
  readonly hasPage: boolean;
}

export interface PublishedFile {
  /** Absolute, without links. */
  readonly path: string;
  readonly cached: "never" | "for-ever";
}

/** Names on disk that a URL may spell: no hidden ones, no separators, nothing that a terminal would obey. */
const namePattern = /^[^.\\/\p{C}][^\\/\p{C}]*$/u;
/** As `publish` names the folder of a unit. */
const unitFolderPattern = /(?:^|-)\d+-[0-9a-f]{8}$/;

/** A folder with published aggregates. What each publishes is read again when its coverage.json was swapped. */
export class PublishedFolder {
  /** Absolute, without links. */
  readonly root: string;
  readonly #known = new Map<string, { readonly version: string; readonly aggregate: Aggregate | null }>();

  constructor(root: string) {
    this.root = root;
  }

  /** All there are now, by name. */
  async aggregates(): Promise<readonly Aggregate[]> {
    const own = await this.#aggregateAt("");
    if (own !== null) return [own];
    const entries = await readdir(this.root, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && isId(entry.name)).map(({ name }) => name);
    const found = await Promise.all(names.toSorted().map(async (name) => await this.#aggregateAt(name)));
    return found.filter((aggregate) => aggregate !== null);
  }

  /** The published file of a URL's segments, or null. */
  async file(segments: readonly string[]): Promise<PublishedFile | null> {
    const [name = ""] = segments;
    const aggregate = (await this.#aggregateAt("")) ?? (isId(name) ? await this.#aggregateAt(name) : null);
    if (aggregate === null) return null;
    const [first = "", second, ...deeper] = aggregate.segment === "" ? segments : segments.slice(1);
    if (deeper.length > 0) return null;
    const isSwapped = second === undefined && [coverageName, pageName, aggregate.pointer].includes(first);
    const isOnce = second === undefined ? loadedPattern.test(first) : unitFolderPattern.test(first);
    if (!isSwapped && !isOnce) return null;
    const path = join(this.root, ...segments);
    // A link, also one that stays inside, is not what `publish` writes.
    const real = await realpath(path).catch(() => null);
    return real === path ? { path, cached: isSwapped ? "never" : "for-ever" } : null;
  }

  /** The aggregate of a folder below the root (or of itself: ""), or null when nothing is published there. */
  async #aggregateAt(segment: string): Promise<Aggregate | null> {
    const path = join(this.root, segment, coverageName);
    const stats = await stat(path, { bigint: true }).catch(() => null);
    if (stats === null) {
      this.#known.delete(segment);
      return null;
    }
    const version = `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
    const known = this.#known.get(segment);
    if (known?.version === version) return known.aggregate;
    const found = await readAggregate(path, segment);
    const page = await stat(join(this.root, segment, pageName)).catch(() => null);
    const aggregate = found === null ? null : { ...found, hasPage: page !== null };
    this.#known.set(segment, { version, aggregate });
    return aggregate;
  }
}

async function readAggregate(path: string, segment: string): Promise<Omit<Aggregate, "hasPage"> | null> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
  if (!isCoverage(content)) return null;
  const { aggregate, pointer, snapshot, asOf, blocks } = content;
  return { name: aggregate, segment, pointer, snapshot, asOf, blocks };
}

type Coverage = Omit<Aggregate, "name" | "segment" | "hasPage"> & { readonly aggregate: string };

/** As much of coverage.json as is shown here. */
function isCoverage(value: unknown): value is Coverage {
  if (typeof value !== "object" || value === null) return false;
  const { format, aggregate, pointer, snapshot, asOf, blocks } = value as Readonly<Record<string, unknown>>;
  return (
    format === 1 &&
    typeof aggregate === "string" &&
    typeof pointer === "string" &&
    namePattern.test(pointer) &&
    typeof snapshot === "number" &&
    typeof asOf === "string" &&
    typeof blocks === "object" &&
    blocks !== null &&
    ["covered", "missing"].every((name) => typeof (blocks as Record<string, unknown>)[name] === "number")
  );
}

/**
 * The segments of a URL's path, decoded, or null for a path that no published file can have: an empty segment, a hidden name,
 * `..` in any spelling, a separator in disguise, what is no UTF-8.
 */
export function segmentsOf(urlPath: string): readonly string[] | null {
  if (!urlPath.startsWith("/")) return null;
  try {
    const segments = urlPath.slice(1).split("/").map(decodeURIComponent);
    return segments.every((segment) => namePattern.test(segment)) ? segments : null;
  } catch {
    return null;
  }
}
