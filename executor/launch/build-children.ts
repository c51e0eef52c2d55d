/**
 * Makes one file of JavaScript of each child's modules: a start that reads, strips and links sixty of them costs three times
 * what Node's own start does. Nothing is left out or renamed, so that a stack still says where it went wrong.
 *
 * Used by scripts/build.ts for the package, and by children-code.ts for a checkout.
 */
import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { liblzmaFile } from "../../shared/codecs/liblzma.ts";

export const childNames = ["decoder", "executor"] as const;

export type ChildName = (typeof childNames)[number];

/** What a child's code is called in the folder that it was built into. */
export function builtName(child: ChildName): string {
  return `${child}.mjs`;
}

/** Builds both into `folder`. Answers with the files that they were built from, relative to `root`. Throws what esbuild says. */
export function buildChildren(root: string, folder: string): readonly string[] {
  // Loading esbuild takes longer than looking whether it is needed.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: childNames.map((child) => join(root, "executor", "children", `${child}.ts`)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    charset: "utf8",
    metafile: true,
    logLevel: "silent",
    // Whatever the caller's tsconfig says: what is built depends on the sources alone.
    tsconfigRaw: {},
  });
  return [...Object.keys(metafile.inputs), copyLiblzma(root, folder)];
}

/** Puts what reads `.lzma` and `.xz` beside code that was built into `folder`. Answers with the file, relative to `root`. */
export function copyLiblzma(root: string, folder: string): string {
  const path = join("shared", "codecs", liblzmaFile);
  copyFileSync(join(root, path), join(folder, liblzmaFile));
  return path;
}
