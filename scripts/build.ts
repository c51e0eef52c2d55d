/**
 * `npm run build [-- --out DIR]`: fills dist/package (or DIR) with what is published. `npm pack ./dist/package` makes the tarball.
 *
 *   dist/         the same tree as in the checkout, as JavaScript: Node strips no types under node_modules, children
 *                 are started by file name, and shared/package-root.ts finds its way in both
 *                 + declarations of what `import … from "spotfold"` gives, and of nothing else
 *   bin/          as it is
 *   package.json  made here: no scripts, no dev dependencies, none of the packages that bring Node to a checkout
 *
 * Fails when the sources do not type-check.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What the published package runs on; bin/spotfold.cjs refuses what is older, and a test holds the two equal. */
const NODE_RANGE = ">=24.12";
const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE"];
const PUBLIC_MODULE = "jobs/index";

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

/** Keeps the declarations that the public one reaches, their imports named as they are in the package; removes all others. */
function reduceDeclarations(): void {
  const keep = new Set<string>();
  const todo = [join(code, `${PUBLIC_MODULE}.d.ts`)];
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

interface Manifest {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly version: string;
}

/** The published package.json: what describes the package, and what it needs to run. */
function publishedManifest(manifest: Manifest): Record<string, unknown> {
  const copied = ["name", "version", "description", "keywords", "license", "repository", "type"];
  const target = `./${relative(staging, code)}/${PUBLIC_MODULE}`;
  return {
    ...Object.fromEntries(copied.filter((field) => field in manifest).map((field) => [field, manifest[field]])),
    engines: { node: NODE_RANGE },
    bin: manifest["bin"],
    exports: { ".": { types: `${target}.d.ts`, default: `${target}.js` }, "./package.json": "./package.json" },
    dependencies: manifest["dependencies"],
  };
}

rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
compile();
reduceDeclarations();
cpSync(join(root, "bin"), join(staging, "bin"), { recursive: true });
for (const name of DOCUMENTS) {
  if (existsSync(join(root, name))) copyFileSync(join(root, name), join(staging, name));
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
writeFileSync(join(staging, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
console.log(`${manifest.name} ${manifest.version} is in ${staging}; npm pack makes a tarball of that folder`);
