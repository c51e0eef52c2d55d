/** From the ANALYSIS of a command line to a module: one that ships, by name, or the user's, by path. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { SHIPPED_ANALYSES } from "../../jobs/shipped.ts";
import { editDistance } from "../../shared/dataset/explain.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { modulePath } from "../../shared/package-root.ts";

/** A name that is farther from one that ships is no slip of the keyboard. */
const nearDistanceMax = 3;

/** What a path looks like, as opposed to a name. */
const pathPattern = /[/\\]|\.[cm]?[jt]s$/;

/** The absolute path of the module. `folder` is the one that relative paths belong to. Throws `usage`. */
export function analysisModule(text: string, folder: string): string {
  const shipped = SHIPPED_ANALYSES.get(text);
  if (shipped !== undefined) return modulePath(`jobs/${shipped.replace(/^\.\/|\.ts$/g, "")}`);
  const path = resolve(folder, text);
  if (existsSync(path) && statSync(path).isFile()) return path;
  const names = [...SHIPPED_ANALYSES.keys()];
  const near = names.find((name) => editDistance(name, text) <= nearDistanceMax);
  const hint =
    near !== undefined && !pathPattern.test(text)
      ? `Did you mean ${near}?`
      : `Those that ship are ${names.join(", ")}; your own is the path of a TypeScript or JavaScript module.`;
  throw new SpotfoldError("usage", `there is no analysis ${JSON.stringify(text)}`, { hint });
}
