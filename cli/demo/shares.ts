/** A small table from published files, read as any client would: pings by version, and one measure's by operating system. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { countText } from "../report/lines.ts";

interface Tree {
  readonly _id: number;
  readonly name?: string;
  readonly [value: string]: unknown;
}

/** The measure that the table is of: every ping of the sample has it. */
export const shownMeasure = "PAGE_WAIT_MS";

/** A row ends with the number of pings and the filter's id. */
const countFromEnd = 2;

export interface VersionShares {
  readonly version: string;
  readonly pings: number;
  readonly byOs: ReadonlyMap<string, number>;
}

export async function readShares(folder: string): Promise<VersionShares[]> {
  const versions = (await readJson(join(folder, "versions.json"))) as Readonly<Record<string, string>>;
  return await Promise.all(
    Object.entries(versions).map(async ([version, name]) => {
      const tree = (await readJson(join(folder, name, "filter-tree.json"))) as Tree;
      const days = (await readJson(join(folder, name, `${shownMeasure}-by-build-date.json`))) as Readonly<
        Record<string, readonly (readonly number[])[]>
      >;
      const osOf = new Map<number, string>();
      collectOs(tree, "", osOf);
      const byOs = new Map<string, number>();
      let pings = 0;
      for (const row of Object.values(days).flat()) {
        const count = row.at(-countFromEnd) ?? 0;
        const os = osOf.get(row.at(-1) ?? -1) ?? "";
        byOs.set(os, (byOs.get(os) ?? 0) + count);
        pings += count;
      }
      return { version, pings, byOs };
    }),
  );
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8")) as unknown;
}

/** Which operating system each node of the tree is below. */
function collectOs(node: Tree, os: string, into: Map<number, string>): void {
  into.set(node._id, os);
  for (const [value, child] of Object.entries(node)) {
    if (typeof child === "object" && child !== null) collectOs(child as Tree, node.name === "OS" ? value : os, into);
  }
}

export function sharesText(shares: readonly VersionShares[]): string {
  const systems = [...new Set(shares.flatMap(({ byOs }) => [...byOs.keys()]))].toSorted();
  const head = ["version", "pings", ...systems];
  const rows = shares.map(({ version, pings, byOs }) => [
    version,
    countText(pings),
    ...systems.map((os) => `${Math.round(((byOs.get(os) ?? 0) / Math.max(1, pings)) * 100)} %`),
  ]);
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}`;
  return `${[`${shownMeasure} by version, and the share of each system:`, line(head), ...rows.map(line)].join("\n")}\n`;
}
