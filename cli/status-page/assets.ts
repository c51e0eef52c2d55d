/**
 * The page's files: one page, one script, one style. In the package they were built with it; in a checkout they are built from
 * the sources when a server starts, which takes a tenth of a second. Names carry a digest of what is in them.
 */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { codeRoot, inCheckout } from "../../shared/package-root.ts";

const digestChars = 10;

export interface PageAssets {
  readonly html: Buffer;
  /** By name: what is below `/assets/`. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const builtFolder = (root: string): string => join(root, "dashboard", "status", "built");

export function pageAssets(): PageAssets {
  if (inCheckout) return buildPage(codeRoot);
  const folder = builtFolder(codeRoot);
  const names = globSync("*.{js,css}", { cwd: folder });
  const files = new Map(names.map((name) => [basename(name), readFileSync(join(folder, name))]));
  return { html: readFileSync(join(folder, "index.html")), files };
}

/** For the package: builds the page of the sources below `root` into the code below `into`. */
export function writePage(root: string, into: string): void {
  const { html, files } = buildPage(root);
  const folder = builtFolder(into);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), html);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

/** Throws what esbuild says. */
export function buildPage(root: string): PageAssets {
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const folder = join(root, "dashboard", "status");
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [join(folder, "main.tsx"), join(folder, "style.css")],
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    tsconfigRaw: {},
  });
  const files = new Map<string, Buffer>();
  const named = new Map<string, string>();
  for (const { path, contents } of outputFiles) {
    const bytes = Buffer.from(contents);
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, digestChars);
    const suffix = path.endsWith(".css") ? "css" : "js";
    const name = `status-${digest}.${suffix}`;
    files.set(name, bytes);
    named.set(suffix, name);
  }
  const html = pageOf(`assets/${named.get("js") ?? ""}`, `assets/${named.get("css") ?? ""}`);
  return { html: Buffer.from(html), files };
}

function pageOf(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spotfold status</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This page shows what goes on while it goes on, which takes JavaScript. Without it: spotfold status --watch</noscript>
</body>
</html>
`;
}
