/**
 * `npm run build [-- --out DIR]`: fills dist/package (or DIR) with what is published. `npm pack ./dist/package` makes the tarball.
 *
 *   dist/         the same tree as in the checkout, as JavaScript: Node strips no types under node_modules, children
 *                 are started by file name, and shared/package-root.ts finds its way in both
 *                 + each child's code in one file, executor/children/built: they start three times as fast
 *                 + declarations of what `import … from "spotfold"` and "spotfold/testing" give, and of nothing else
 *   bin/          as it is
 *   docs/, *.md   as they are: the README's links lead somewhere
 *   package.json  made here: no scripts, no dev dependencies, none of the packages that bring Node to a checkout
 *
 * Fails when the sources do not type-check.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writePages } from "../cli/compose/page-files.ts";
import { buildChildren, copyLiblzma } from "../executor/launch/build-children.ts";

/** What the published package runs on; bin/spotfold.cjs refuses what is older, and a test holds the two equal. */
const NODE_RANGE = ">=24.12";
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "docs"];

interface Manifest {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly version: string;
  /** What may be imported, by its name: our sources. */
  readonly exports: Readonly<Record<string, { readonly default: string }>>;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist/package") } } });
const staging = resolve(values.out);
const code = join(staging, "dist");

function compile(): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", code], {
    cwd: root,
    stdio: "inherit",
  });
  if (result.status !== 0) process.exit(1);
}

const DECLARED_IMPORT = /(\bfrom\s+|\bimport\s*\(\s*)"(\.{1,2}\/[^"]+)\.ts"/g;

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** As the sources are named, without `./` and extension. */
const publicModules = new Map(
  Object.entries(manifest.exports).map(([name, { default: source }]) => [name, source.replace(/^\.\/|\.ts$/g, "")]),
);

/** Keeps the declarations that the public ones reach, their imports named as they are in the package; removes all others. */
function reduceDeclarations(): void {
  const keep = new Set<string>();
  const todo = [...publicModules.values()].map((module) => join(code, `${module}.d.ts`));
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (keep.has(file)) continue;
    keep.add(file);
    const text = readFileSync(file, "utf8");
    for (const match of text.matchAll(DECLARED_IMPORT)) todo.push(resolve(dirname(file), `${match[2]}.d.ts`));
    writeFileSync(file, text.replace(DECLARED_IMPORT, '$1"$2.js"'));
  }
  for (const name of globSync("**/*.d.ts", { cwd: code })) {
    if (!keep.has(join(code, name))) rmSync(join(code, name));
  }
}

/** The published package.json: what describes the package, and what it needs to run. */
function publishedManifest(): Record<string, unknown> {
  const copied = ["name", "version", "description", "keywords", "license", "repository", "type"];
  const exports = [...publicModules].map(([name, module]) => {
    const target = `./${relative(staging, code)}/${module}`;
    return [name, { types: `${target}.d.ts`, default: `${target}.js` }] as const;
  });
  return {
    ...Object.fromEntries(copied.filter((field) => field in manifest).map((field) => [field, manifest[field]])),
    engines: { node: NODE_RANGE },
    bin: manifest["bin"],
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    dependencies: manifest["dependencies"],
  };
}

rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
compile();
reduceDeclarations();
buildChildren(root, join(code, "executor/children/built"));
copyLiblzma(root, join(code, "shared/codecs"));
writePages(code);
cpSync(join(root, "shared/codecs/liblzma.LICENSE"), join(code, "shared/codecs/liblzma.LICENSE"));
cpSync(join(root, "bin"), join(staging, "bin"), { recursive: true });
for (const name of DOCUMENTS) {
  cpSync(join(root, name), join(staging, name), { recursive: true });
}
writeFileSync(join(staging, "package.json"), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
console.log(`${manifest.name} ${manifest.version} is in ${staging}; npm pack makes a tarball of that folder`);
