/** How many blocks a dataset has, for people. */
import type { CatalogStats } from "../../shared/catalog/stats.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { counted, countText, sizeText, whenText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";
import { table } from "./table.ts";

/** Of a dimension with more values the largest are shown; `--json` has all. */
const valuesMax = 12;

export function statsText(dataset: DatasetSpec, stats: CatalogStats): string {
  const { blocks, bytes, changed, vanished, fullMs } = stats;
  const beside = [
    ...(changed > 0 ? [`${countText(changed)} of them changed since they were first listed`] : []),
    ...(vanished > 0 ? [`${countText(vanished)} vanished`] : []),
  ];
  const rows = Object.entries(stats.dimensions).flatMap(([name, values]) => dimensionRows(name, values));
  return [
    `${dataset.name}  ${dataset.place}\n`,
    `  ${counted(blocks, "block")}, ${sizeText(bytes)} compressed${beside.map((text) => `; ${text}`).join("")}\n`,
    `  last listed in full: ${fullMs === undefined ? "never" : whenText(fullMs)}\n`,
    rows.length === 0 ? "" : `\n${table([["DIMENSION", "VALUE", "BLOCKS", "BYTES"], ...rows], columns)}`,
  ].join("");
}

const columns = ["left", "left", "right", "right"] as const;

function dimensionRows(name: string, values: CatalogStats["dimensions"][string]): string[][] {
  const shown =
    values.length <= valuesMax
      ? values
      : values
          .toSorted((a, b) => b.blocks - a.blocks)
          .slice(0, valuesMax)
          .toSorted((a, b) => values.indexOf(a) - values.indexOf(b));
  const rows = shown.map(({ value, blocks, bytes }, index) => [
    index === 0 ? name : "",
    visibleLine(value),
    countText(blocks),
    sizeText(bytes),
  ]);
  const rest = values.length - shown.length;
  return rest === 0 ? rows : [...rows, ["", `and ${countText(rest)} more`, "", ""]];
}
