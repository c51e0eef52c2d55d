/**
 * What the process was started with. The only place that reads `process.env`; everybody else is handed settings.
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";

export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly workingFolder: string;
}

export function processEnvironment(): Environment {
  return { variables: process.env, workingFolder: process.cwd() };
}

function sameFolder(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/**
 * The folder that the user stood in, to which relative paths belong. `npm run` changes to the folder of the package.json and
 * leaves the other in INIT_CWD; `npx` and `npm exec` do not change it. Both variables are inherited by whatever is started
 * from a script, so INIT_CWD counts only where npm has put us: in the package's own folder.
 */
export function callerFolder({ variables, workingFolder }: Environment): string {
  const { INIT_CWD: initial, npm_package_json: manifest } = variables;
  if (initial === undefined || initial === "" || manifest === undefined || manifest === "") return workingFolder;
  return sameFolder(dirname(manifest), workingFolder) ? initial : workingFolder;
}
