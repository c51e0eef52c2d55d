/** The one page that `serve` makes itself: which aggregates there are, and where their files begin. */
import type { Aggregate } from "./published.ts";
import { coverageName } from "./published.ts";

/** Nothing but its own style. */
export const indexPagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8884}" +
  "td.n,th.n{text-align:right}:root{color-scheme:light dark}";

export function indexPage(aggregates: readonly Aggregate[]): string {
  const rows = aggregates.map(row).join("\n");
  const body =
    aggregates.length === 0
      ? "<p>Nothing is published here yet.</p>"
      : `<table>
<thead><tr><th>Aggregate</th><th>Files</th><th class="n">Blocks</th><th class="n">Missing</th><th>Data as of</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Spotfold</title>
<style>${style}</style>
</head>
<body>
<h1>Published aggregates</h1>
${body}
</body>
</html>
`;
}

function row({ name, segment, pointer, asOf, blocks, hasPage }: Aggregate): string {
  const base = segment === "" ? "" : `${encodeURIComponent(segment)}/`;
  const link = (file: string): string => `<a href="${base}${encodeURIComponent(file)}">${escaped(file)}</a>`;
  return `<tr><td>${hasPage ? `<a href="${base}">${escaped(name)}</a>` : escaped(name)}</td><td>${link(pointer)} ${link(coverageName)}</td><td class="n">${blocks.covered}</td><td class="n">${blocks.missing}</td><td>${escaped(asOf)}</td></tr>`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
