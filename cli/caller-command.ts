/**
 * How whoever called us calls us again. Everything that a command prints to be pasted into a shell begins with it:
 *
 *   spotfold              a folder of PATH has our own bin
 *   npx spotfold          npx started us, or would find us where the caller stands: in a checkout, or beside node_modules
 *   /…/bin/spotfold.cjs   from elsewhere
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { callerFolder, type Environment } from "../shared/config/environment.ts";
import { packageRoot } from "../shared/package-root.ts";

const name = "spotfold";

/** The words before the command's name. `root`: the folder of our package.json. */
export function callerCommand(environment: Environment, root: string = packageRoot): readonly string[] {
  const bin = join(root, "bin", "spotfold.cjs");
  const { PATH: path = "", npm_command: npm } = environment.variables;
  if (path.split(delimiter).some((folder) => isOfShell(folder) && leadsTo(join(folder, name), bin))) return [name];
  if (npm === "exec" || isSame(npmFolder(callerFolder(environment)), installFolder(root))) return ["npx", name];
  return [bin];
}

/** npm puts such folders in front of PATH, for what it starts alone. */
function isOfShell(folder: string): boolean {
  return folder !== "" && !(basename(folder) === ".bin" && basename(dirname(folder)) === "node_modules");
}

function leadsTo(link: string, bin: string): boolean {
  return existsSync(link) && isSame(link, bin);
}

/** The folder that npm takes for the project of whoever stands in `folder`. */
function npmFolder(folder: string): string {
  if (existsSync(join(folder, "package.json")) || existsSync(join(folder, "node_modules"))) return folder;
  const above = dirname(folder);
  return above === folder ? folder : npmFolder(above);
}

/** Where `npx` finds us: in our own checkout, or in the project that we are a dependency of. */
function installFolder(root: string): string {
  return basename(dirname(root)) === "node_modules" ? dirname(dirname(root)) : root;
}

function isSame(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** A word as a shell would need it. One that begins with `=` is another word to zsh. */
export function quoted(word: string): string {
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What texts that know no caller (hints of errors, of holds) name; kept equal to the commands that there are by a test. */
export const commandNames =
  "bundles cancel catalog demo doctor init logs master results retry run sample serve status submit worker".split(" ");

const named = new RegExp(`(?<![\\w/.-])(?<!npx )${name}(?= (?:${commandNames.join("|")})\\b)`, "g");

/** A hint with its commands as the caller calls them. */
export function inCallersWords(text: string, command: readonly string[]): string {
  return text.replaceAll(named, () => command.map(quoted).join(" "));
}
