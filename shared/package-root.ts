/**
 * Where this code lies: in a checkout (TypeScript, run as it is) or in the published package (JavaScript in `dist/`, the same
 * tree). Whoever starts a child process on one of our own files, or hands our own files to the bundler, asks here and nowhere
 * else.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);

/** True in a checkout, where modules are `.ts` files. */
export const inCheckout: boolean = here.endsWith(".ts");

/** The folder that holds `shared/`, `jobs/`, `executor/`, …: the checkout itself, or the package's `dist/`. */
export const codeRoot: string = dirname(dirname(here));

/** The folder that holds package.json. */
export const packageRoot: string = inCheckout ? codeRoot : dirname(codeRoot);

/** The command itself, which keeps what it compiled: processes of ours that run another command are started by it. */
export const commandPath: string = join(packageRoot, "bin", "spotfold.cjs");

/**
 * The absolute path of one of our modules, named as in the checkout but without its extension:
 * `modulePath("executor/children/decoder")`.
 */
export function modulePath(name: string): string {
  return join(codeRoot, `${name}${inCheckout ? ".ts" : ".js"}`);
}

/** As in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { readonly version: string }).version;
}
