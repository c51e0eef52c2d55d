/**
 * package-lock.json must install alike on every platform and from any registry: npm leaves out, in silence, optional packages that
 * a registry did not hold when the lock file was written, and newer npms then refuse the file (docs/decisions/0001).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/requirements.ts";

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, Locked>>;

const read = (name: string): unknown => JSON.parse(readFileSync(join(repositoryRoot, name), "utf8"));

/** What packages ask for and the file does not hold, as `who -> what`. */
function holes(packages: Packages): string[] {
  return Object.entries(packages).flatMap(([path, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.devDependencies, ...locked.optionalDependencies })
      .filter((name) => !candidates(path, name).some((candidate) => candidate in packages))
      .map((name) => `${path} -> ${name}`),
  );
}

/** Where Node looks for a package from another: nested first, then one level up, and so on to the root. */
function candidates(path: string, name: string): string[] {
  const levels = path === "" ? [] : path.split("/node_modules/").map((_, i, parts) => parts.slice(0, parts.length - i));
  return [...levels.map((parts) => `${parts.join("/node_modules/")}/node_modules/${name}`), `node_modules/${name}`];
}

describe("the lock file", () => {
  const { packages } = read("package-lock.json") as { packages: Packages };
  const manifest = read("package.json") as Locked & { readonly allowScripts: Readonly<Record<string, boolean>> };

  it("holds what every package asks for, on all platforms", () => {
    assert.deepEqual(holes(packages), []);
  });

  it("is found out when it does not", () => {
    const { "node_modules/@esbuild/darwin-arm64": removed, ...rest } = packages;
    assert.ok(removed !== undefined);
    assert.deepEqual(holes(rest), ["node_modules/esbuild -> @esbuild/darwin-arm64"]);
  });

  it("names no registry, and a hash for each package", () => {
    const wrong = Object.entries(packages).filter(
      ([path, locked]) => path !== "" && (locked.resolved !== undefined || locked.integrity === undefined),
    );
    assert.deepEqual(wrong, []);
  });

  it("brings no install script that package.json does not deny", () => {
    const scripted = Object.entries(packages)
      .filter(([, locked]) => locked.hasInstallScript === true)
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    assert.deepEqual(scripted.toSorted(), Object.keys(manifest.allowScripts).toSorted());
    assert.ok(Object.values(manifest.allowScripts).every((allowed) => !allowed));
  });
});
