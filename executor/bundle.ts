/**
 * From an author's module to the bundle that is stored and run: one ES module with everything that it imports in it, and its
 * source map, so that errors name the author's file and line.
 *
 * Equal input gives equal bytes on every machine: no absolute path gets in, white space is Spotfold's (which also drops the
 * paths that esbuild writes into comments), sources are named relative to the entry's folder, and our own as `spotfold/...`.
 *
 * What may go wrong is the author's to mend and said with file, line and reason (`invalid-bundle`): syntax errors, missing
 * modules, native addons, modules of Node that an analysis has no use for, a bundle that is too large.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { build } from "esbuild";
import type { BuildFailure, Message, Plugin } from "esbuild";
import { SpotfoldError } from "../shared/errors.ts";
import { codeRoot, modulePath } from "../shared/package-root.ts";

/** Workers fetch and verify it for each run, and children parse it for each job: 300 ms at this size. */
export const bundleBytesMax = 16 * 1024 * 1024;

/** Errors shown of one build; more than these follow from the first. */
const errorsShownMax = 5;

/** An analysis is pure. What starts processes, opens sockets or escapes the permission model is refused at the import. */
const refusedModules: ReadonlySet<string> = new Set(
  (
    "child_process cluster dgram diagnostics_channel dns dns/promises http http2 https inspector inspector/promises net " +
    "repl sea sqlite test test/reporters tls trace_events wasi worker_threads"
  ).split(" "),
);

/** CommonJS packages inside the bundle `require` Node's modules at run time. */
const banner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

export interface Bundle {
  readonly bytes: Uint8Array;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Files that went in, relative to the entry's folder, sorted; Spotfold's own as `spotfold/...`. */
  readonly sources: readonly string[];
}

/** Bundles the module at `entry` (TypeScript or JavaScript). Throws `invalid-bundle`. */
export async function bundleAnalysis(entry: string): Promise<Bundle> {
  const path = resolve(entry);
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) {
    throw new SpotfoldError("invalid-bundle", `there is no file ${entry}`, {
      hint: "Name a TypeScript or JavaScript module whose default export is an analysis.",
    });
  }
  const folder = dirname(path);
  const { code, map, sources } = await runBuild(path, folder, entry);
  const inline = Buffer.from(JSON.stringify(map)).toString("base64");
  const bytes = Buffer.from(`${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`);
  if (bytes.length > bundleBytesMax) {
    throw new SpotfoldError(
      "invalid-bundle",
      `the bundle of ${entry} has ${bytes.length} bytes; at most ${bundleBytesMax} are allowed`,
      {
        hint: "Give large tables as inputs instead of importing them.",
      },
    );
  }
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex"), sources };
}

interface SourceMap {
  readonly version: number;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

async function runBuild(
  path: string,
  folder: string,
  entry: string,
): Promise<{ code: string; map: SourceMap; sources: string[] }> {
  try {
    const result = await build({
      entryPoints: [path],
      absWorkingDir: folder,
      outfile: join(folder, "bundle.mjs"),
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "node",
      target: "node24",
      charset: "utf8",
      minifyWhitespace: true,
      sourcemap: "external",
      sourcesContent: false,
      legalComments: "none",
      logLevel: "silent",
      banner: { js: banner },
      plugins: [ownModules],
    });
    const text = (end: string): string => result.outputFiles.find((file) => file.path.endsWith(end))?.text ?? "";
    const { version, sources, names, mappings } = JSON.parse(text(".map")) as SourceMap;
    const map = { version, sources: sources.map((source) => sourceName(folder, source)), names, mappings };
    const inputs = Object.keys(result.metafile.inputs).map((source) => sourceName(folder, source));
    return { code: text(".mjs").trimEnd(), map, sources: inputs.toSorted() };
  } catch (error) {
    if (isBuildFailure(error)) throw invalid(error.errors, entry);
    throw error;
  }
}

/** Resolves what is ours, and refuses what has no place in an analysis. */
const ownModules: Plugin = {
  name: "spotfold",
  setup(builder) {
    builder.onResolve({ filter: /^spotfold$/ }, () => ({ path: modulePath("jobs/index") }));
    builder.onResolve({ filter: /\.node$/ }, (args) => ({
      errors: [{ text: `${basename(args.path)} is a native addon: an analysis is JavaScript only` }],
    }));
    builder.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, (args) => {
      const name = args.path.replace(/^node:/, "");
      if (!refusedModules.has(name) || (!args.path.startsWith("node:") && needsPrefix.has(name))) return null;
      return {
        errors: [
          {
            text: `an analysis may not use node:${name}: what it gives may depend on its records, parameters and inputs alone`,
          },
        ],
      };
    });
  },
};

/** Without `node:` these are ordinary package names. */
const needsPrefix: ReadonlySet<string> = new Set(["sea", "sqlite", "test", "test/reporters"]);

/**
 * esbuild's name of a source (relative to the entry's folder) as it is shown and stored. Ours are named by our own root, also
 * when spotfold is installed below the entry's folder; only an entry of ours is named like everybody's.
 */
function sourceName(folder: string, source: string): string {
  const path = resolve(folder, source);
  const besideEntry = isWithin(folder, path) && isWithin(codeRoot, folder);
  const name = isWithin(codeRoot, path) && !besideEntry ? `spotfold/${relative(codeRoot, path)}` : source;
  return name.split(sep).join("/");
}

function isWithin(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith("..");
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function invalid(errors: readonly Message[], entry: string): SpotfoldError {
  const lines = errors.slice(0, errorsShownMax).map((error) => describe(error, entry));
  if (errors.length > errorsShownMax) lines.push(`and ${errors.length - errorsShownMax} more`);
  const first = errors[0]?.location;
  return new SpotfoldError("invalid-bundle", `${entry} cannot be bundled: ${lines.join("; ")}`, {
    context:
      first === null || first === undefined ? {} : { file: first.file, line: first.line, column: first.column + 1 },
  });
}

function describe({ text, location }: Message, entry: string): string {
  if (location === null) return text;
  // Columns are counted from 1, as editors do.
  return `${join(dirname(entry), location.file)}:${location.line}:${location.column + 1}: ${text}`;
}
