/**
 * Where liblzma's two files are: in a checkout in the package that brings them, else beside this code, where the build put them
 * (executor/launch/build-children.ts).
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inCheckout, packageRoot } from "../package-root.ts";

/** Of a checkout; what reads `.lzma` and `.xz` from its sources must be able to read it. */
export const liblzmaPackage: string = join(packageRoot, "node_modules", "node-liblzma");

/** Below `liblzmaPackage`, and what each is called where it is built: there no package.json says that it is a module. */
export const liblzmaFiles = {
  binary: { source: "lib/wasm/liblzma.wasm", built: "liblzma.wasm" },
  script: { source: "lib/wasm/liblzma.js", built: "liblzma.mjs" },
} as const;

/** The absolute path of one of them. */
export function liblzmaPath(file: keyof typeof liblzmaFiles): string {
  const { source, built } = liblzmaFiles[file];
  return inCheckout ? join(liblzmaPackage, source) : join(dirname(fileURLToPath(import.meta.url)), built);
}
