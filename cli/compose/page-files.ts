/**
 * The files of the pages, as they are published or served.
 *
 *   the package    built with it, in dashboard/<page>/built
 *   a checkout     built from the sources (150 ms), and kept below node_modules/.cache until one of them is changed
 *
 * What is kept is replaced as a whole and compared with its own digest: a file that was cut by a power cut is made again. A cache that
 * cannot be written costs the time of building, and nothing else.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage, type PageFile, type PageName } from "../../dashboard/build.ts";
import { codeRoot, inCheckout, packageRoot } from "../../shared/package-root.ts";

const builtFolder = (root: string, page: PageName): string => join(root, "dashboard", page, "built");

/** index.html is the last one. Throws what esbuild says, in a checkout whose sources cannot be built. */
export function pageFiles(page: PageName): readonly PageFile[] {
  if (inCheckout) return cachedIn(join(packageRoot, "node_modules", ".cache", "spotfold", `page-${page}.json`), page);
  const folder = builtFolder(codeRoot, page);
  return indexLast(readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) })));
}

/** For the package: builds the pages of this checkout into the code below `into`. */
export function writePages(into: string): void {
  for (const page of ["page", "status"] as const) {
    const folder = builtFolder(into, page);
    mkdirSync(folder, { recursive: true });
    for (const { name, bytes } of buildPage(page).files) writeFileSync(join(folder, name), bytes);
  }
}

function indexLast(files: readonly PageFile[]): PageFile[] {
  return files.toSorted((a, b) => Number(a.name === "index.html") - Number(b.name === "index.html"));
}

/** What is in a file of the cache. */
interface Kept {
  /** Of the members below, as JSON. */
  readonly digest: string;
  /** Size and time of change of each source, by its path in the folder of the pages. */
  readonly sources: Readonly<Record<string, string>>;
  /** Content by name, base64. */
  readonly files: Readonly<Record<string, string>>;
}

export function cachedIn(path: string, page: PageName): readonly PageFile[] {
  const known = keptIn(path);
  if (known !== null) return known;
  const startedAt = Date.now();
  const { files, sources } = buildPage(page);
  const isChanged = sources.some((source) => statSync(sourcePath(source)).mtimeMs >= startedAt);
  // A source that was written since may not be what was built: then it is built again the next time.
  if (!isChanged) keep(path, files, sources);
  return files;
}

function keep(path: string, files: readonly PageFile[], sources: readonly string[]): void {
  const content = {
    sources: Object.fromEntries(sources.map((source) => [source, stampOf(source)])),
    files: Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString("base64")])),
  };
  const part = `${path}-${randomBytes(8).toString("hex")}`;
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(part, JSON.stringify({ digest: digestOf(content), ...content }));
    renameSync(part, path);
  } catch {
    // A checkout that is read-only.
  }
}

/** Null where nothing is kept, it is not whole, or a source was changed since. */
function keptIn(path: string): readonly PageFile[] | null {
  try {
    const { digest, sources, files } = JSON.parse(readFileSync(path, "utf8")) as Kept;
    const isCurrent = Object.entries(sources).every(([source, stamp]) => stampOf(source) === stamp);
    if (!isCurrent || digestOf({ sources, files }) !== digest) return null;
    const read = Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text, "base64") }));
    return indexLast(read);
  } catch {
    return null;
  }
}

function digestOf(content: Omit<Kept, "digest">): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function sourcePath(source: string): string {
  return join(codeRoot, "dashboard", source);
}

function stampOf(source: string): string {
  const { size, mtimeMs } = statSync(sourcePath(source));
  return `${size} ${mtimeMs}`;
}
