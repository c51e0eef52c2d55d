/**
 * Where Spotfold's own modules lie: TypeScript in a checkout (run by type stripping), JavaScript under dist/ in the package.
 * Everything that is started or bundled by path is found beside this file, with this file's extension.
 */
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const extension = extname(here);

/** The folder that holds `executor/`, `jobs/`, `shared/`. */
export const runtimeRoot = dirname(dirname(here));

/** `runtimeModule("jobs/index")` is the absolute path of that module. */
export function runtimeModule(name: string): string {
  return join(runtimeRoot, name + extension);
}
