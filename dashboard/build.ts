/**
 * Makes the pages: of each one HTML file, one script and one style sheet, whose names carry a hash of their content, so that they may
 * be kept by browsers for ever. Nothing stands inline, which the policy in the HTML forbids; nothing comes from another host.
 *
 * Used by cli/compose/page-files.ts: for the package when it is made, for a checkout when somebody publishes or serves a page.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));

/** Folders with a main.tsx, a main.css and an index.html in which `{script}`, `{style}` and `{policy}` are replaced. */
export type PageName = "page" | "status";

/** A file of a page, to lie beside its data. */
export interface PageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the page may do: its own script, its own style, its own data, and pictures that it makes itself. */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const hashChars = 10;

export interface BuiltPage {
  /** index.html is the last one: whoever writes them in this order never shows a page without its script. */
  readonly files: readonly PageFile[];
  /** What it was built from, relative to the folder of this file. */
  readonly sources: readonly string[];
}

/** Throws what esbuild says. */
export function buildPage(page: PageName): BuiltPage {
  // Loading esbuild takes longer than looking whether it is needed.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: folder,
    entryPoints: [join(page, "main.tsx"), join(page, "main.css")],
    outdir: "built",
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "silent",
    // Whatever the caller's tsconfig says: what is built depends on the sources alone.
    tsconfigRaw: {},
  });
  const html = join(page, "index.html");
  const assets = outputFiles.map(({ path, contents }) => {
    const ending = path.endsWith(".css") ? "css" : "js";
    const hash = createHash("sha256").update(contents).digest("hex").slice(0, hashChars);
    return { ending, name: `${page}-${hash}.${ending}`, bytes: contents };
  });
  const named = (ending: string): string => assets.find((asset) => asset.ending === ending)?.name ?? "";
  const text = readFileSync(join(folder, html), "utf8")
    .replace("{script}", named("js"))
    .replace("{style}", named("css"))
    .replace("{policy}", contentPolicy);
  const files = [
    ...assets.map(({ name, bytes }) => ({ name, bytes })),
    { name: "index.html", bytes: new TextEncoder().encode(text) },
  ];
  return { files, sources: ["build.ts", html, ...Object.keys(metafile.inputs)] };
}
