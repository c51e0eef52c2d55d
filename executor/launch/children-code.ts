/**
 * Where the children's code lies, in one file each (build-children.ts).
 *
 *   the package    beside its modules, made when the package was
 *   a checkout     below node_modules/.cache, made when somebody asks for it and a source was changed since
 *
 *     node_modules/.cache/spotfold/children/<digest>[-<n>]/children/decoder.mjs, …          never changed
 *     node_modules/.cache/spotfold/children/latest.json                                     replaced: which one, of what
 *
 * Several processes may make it at once: each writes a folder of its own and renames it. What cannot be made (a checkout that
 * is read-only, a source that is half written) is run from its sources, which takes longer to start and is otherwise the same.
 * Children may read this folder and write nothing but their scratch folder: none of them changes what another one runs.
 *
 * Nothing is forced to the disk: after a power cut a file may be there without its content. So what is found is compared with
 * the digest that it is named by, and what differs is left where it is, since somebody may run it, and made again elsewhere.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "../../shared/errors.ts";
import { codeRoot, inCheckout, modulePath, packageRoot } from "../../shared/package-root.ts";
import { buildChildren, builtName } from "./build-children.ts";
import type { ChildName } from "./build-children.ts";

export interface ChildCode {
  /** The file that Node is started with; absolute, without symbolic links on the way. */
  readonly entry: string;
  /** What the child must be able to read for it. */
  readonly read: readonly string[];
}

interface Latest {
  readonly folder: string;
  /** Size and time of change of each source, by its path from the root. */
  readonly sources: Readonly<Record<string, string>>;
}

/** In the package. */
const builtFolder = join(codeRoot, "executor", "children", "built");

/** Below the folder of a build: `ps` shows a child by the last two names of its path, as it does when sources are run. */
const entryFolder = "children";

/** Is in no bundle, and changes what is built. */
const recipe = "executor/launch/build-children.ts";

/** The code of a child. */
export const childCode: (child: ChildName) => ChildCode = codeFrom(() => {
  if (inCheckout) return builtIn(join(packageRoot, "node_modules", ".cache", "spotfold", "children"));
  return existsSync(builtFolder) ? builtFolder : null;
});

/**
 * The code of a child in the folder that `look` answers with, or from its sources when that is null. It is asked once: all
 * children of a process are of one version, whatever is edited meanwhile; and again when the folder is gone, as after `npm ci`.
 */
export function codeFrom(look: () => string | null): (child: ChildName) => ChildCode {
  let folder: string | null | undefined;
  return (child) => {
    if (folder === undefined) folder = look();
    let code = inFolder(folder, child);
    if (folder !== null && code === null) {
      folder = look();
      code = inFolder(folder, child);
    }
    return code ?? fromSources(child);
  };
}

/** Null when it is not there. */
function inFolder(folder: string | null, child: ChildName): ChildCode | null {
  if (folder === null) return null;
  try {
    const entry = realpathSync(join(folder, builtName(child)));
    return { entry, read: [dirname(entry)] };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Folders of our own code alone: in node_modules addons could be named. */
function fromSources(child: ChildName): ChildCode {
  const root = realpathSync(codeRoot);
  const folders = ["executor", "jobs", "shared"].map((name) => join(root, name));
  const manifests = [join(root, "package.json"), join(dirname(root), "package.json")];
  return { entry: realpathSync(modulePath(`executor/children/${child}`)), read: [...folders, ...manifests] };
}

/** The folder below `cache` that holds the code of the sources as they are, made when there is none; null when it cannot be. */
export function builtIn(cache: string): string | null {
  return latestIn(cache) ?? build(cache);
}

/** The folder of the last build; null when there is none, it is damaged, or a source is not what it was then. */
function latestIn(cache: string): string | null {
  try {
    const latest = JSON.parse(readFileSync(join(cache, "latest.json"), "utf8")) as Latest;
    if (Object.entries(latest.sources).some(([path, stamp]) => stampOf(path) !== stamp)) return null;
    return isWhole(cache, latest.folder) ? join(cache, latest.folder, entryFolder) : null;
  } catch {
    return null;
  }
}

/** Whether a build is what its name says. */
function isWhole(cache: string, name: string): boolean {
  try {
    return name.split("-")[0] === digestOf(join(cache, name, entryFolder));
  } catch {
    return false;
  }
}

function digestOf(built: string): string {
  const digest = createHash("sha256");
  for (const name of readdirSync(built).toSorted()) digest.update(readFileSync(join(built, name)));
  return digest.digest("hex");
}

function stampOf(source: string): string {
  const { size, mtimeMs } = statSync(join(packageRoot, source));
  return `${size} ${mtimeMs}`;
}

function build(cache: string): string | null {
  const temporary = join(cache, `part-${randomBytes(8).toString("hex")}`);
  try {
    mkdirSync(temporary, { recursive: true });
    const startedAt = Date.now();
    const paths = [recipe, ...buildChildren(packageRoot, join(temporary, entryFolder))];
    const latest: Latest = {
      folder: moveInto(cache, temporary, digestOf(join(temporary, entryFolder))),
      sources: Object.fromEntries(paths.map((path) => [path, stampOf(path)])),
    };
    // A source that was written since may not be what was built: then it is looked at again the next time.
    const changed = paths.some((path) => statSync(join(packageRoot, path)).mtimeMs >= startedAt);
    if (!changed) {
      const part = `${temporary}.json`;
      writeFileSync(part, JSON.stringify(latest));
      renameSync(part, join(cache, "latest.json"));
    }
    return join(cache, latest.folder, entryFolder);
  } catch {
    return null;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Answers with the name of the folder that holds the build: this one, or the same of somebody who was first. */
function moveInto(cache: string, temporary: string, digest: string): string {
  if (isWhole(cache, digest)) return digest;
  const name = existsSync(join(cache, digest)) ? `${digest}-${randomBytes(8).toString("hex")}` : digest;
  try {
    renameSync(temporary, join(cache, name));
  } catch (error) {
    if (!isWhole(cache, name)) throw error;
  }
  return name;
}
