/**
 * Where the children's code lies, in one file each (build-children.ts).
 *
 *   the package    beside its modules, made when the package was
 *   a checkout     below node_modules/.cache, made when somebody asks for it and a source was changed since
 *
 *     node_modules/.cache/spotfold/children/<digest>/children/decoder.mjs, executor.mjs     never changed
 *     node_modules/.cache/spotfold/children/latest.json                                     replaced: which one, of what
 *
 * Several processes may make it at once: each writes a folder of its own and renames it. What cannot be made (a checkout that
 * is read-only, a source that is half written) is run from its sources, which takes longer to start and is otherwise the same.
 * Children may read this folder and write nothing but their scratch folder: none of them changes what another one runs.
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
import { liblzmaPackage } from "../../shared/codecs/liblzma-place.ts";
import { codeRoot, inCheckout, modulePath, packageRoot } from "../../shared/package-root.ts";
import { buildChildren, builtName, childNames } from "./build-children.ts";
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

/** Looked for once in a process: its children are all of one version, whatever is edited meanwhile. */
let folder: string | null | undefined;

/** The code of a child. */
export function childCode(child: ChildName): ChildCode {
  folder ??= inCheckout ? inCache() : existsSync(builtFolder) ? builtFolder : null;
  if (folder === null) return fromSources(child);
  const real = realpathSync(folder);
  return { entry: join(real, builtName(child)), read: [real] };
}

/** Folders of our own code, and of all that is in node_modules liblzma's alone: addons could be named there. */
function fromSources(child: ChildName): ChildCode {
  const root = realpathSync(codeRoot);
  const folders = ["executor", "jobs", "shared"].map((name) => join(root, name));
  const manifests = [join(root, "package.json"), join(dirname(root), "package.json")];
  return {
    entry: realpathSync(modulePath(`executor/children/${child}`)),
    read: [...folders, ...manifests, realpathSync(liblzmaPackage)],
  };
}

function inCache(): string | null {
  const cache = join(packageRoot, "node_modules", ".cache", "spotfold", "children");
  return latestIn(cache) ?? build(cache);
}

/** The folder of the last build; null when there is none, or a source is not what it was then. */
function latestIn(cache: string): string | null {
  try {
    const latest = JSON.parse(readFileSync(join(cache, "latest.json"), "utf8")) as Latest;
    if (Object.entries(latest.sources).some(([path, stamp]) => stampOf(path) !== stamp)) return null;
    const built = join(cache, latest.folder, entryFolder);
    return childNames.every((child) => existsSync(join(built, builtName(child)))) ? built : null;
  } catch {
    return null;
  }
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
    const digest = createHash("sha256");
    for (const name of readdirSync(join(temporary, entryFolder)).toSorted()) {
      digest.update(readFileSync(join(temporary, entryFolder, name)));
    }
    const latest: Latest = {
      folder: digest.digest("hex"),
      sources: Object.fromEntries(paths.map((path) => [path, stampOf(path)])),
    };
    const place = join(cache, latest.folder);
    if (!existsSync(place)) moveTo(temporary, place);
    // A source that was written since may not be what was built: then it is looked at again the next time.
    const changed = paths.some((path) => statSync(join(packageRoot, path)).mtimeMs >= startedAt);
    if (!changed) {
      const part = `${temporary}.json`;
      writeFileSync(part, JSON.stringify(latest));
      renameSync(part, join(cache, "latest.json"));
    }
    return join(place, entryFolder);
  } catch {
    return null;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function moveTo(from: string, place: string): void {
  try {
    renameSync(from, place);
  } catch (error) {
    // Somebody else was first, with the same content.
    if (!existsSync(place)) throw error;
  }
}
