/** The distribution of the range as a table: a row for each bucket between the first and the last one that hold something. */
import type { JSX } from "preact";
import { Scroll } from "../parts/scroll.tsx";
import * as words from "../parts/words.ts";
import { bucketName } from "./bucket-names.ts";
import { filledSpan } from "./distribution-geometry.ts";
import type { NamedDistribution } from "./distribution-figure.tsx";
import { sharesOf } from "./shares.ts";

export function DistributionTable({ all }: { all: readonly NamedDistribution[] }): JSX.Element | null {
  const [first] = all;
  if (first === undefined) return null;
  const { measure, counts } = first.distribution;
  const shares = all.map(({ distribution }) => sharesOf(distribution));
  const span = filledSpan(all.map(({ distribution }) => distribution));
  const shown = [...counts.keys()].slice(span.first, span.last + 1);
  const isCategory = measure.scale === "categories";
  return (
    <>
      <p class="readout soft">{leftOutText(span.first, counts.length - 1 - span.last)}</p>
      <Scroll label="Distribution as a table" isTall>
        <table>
          <Heading all={all} title={isCategory ? "Value" : "Bucket"} />
          <tbody>
            {shown.map((bucket) => (
              <tr key={bucket}>
                <th scope="row">{bucketName(measure, bucket)}</th>
                {all.flatMap(({ place, distribution }, i) => [
                  <td key={`n ${place}`} class="start" data-series={place}>
                    {words.count(distribution.counts[bucket] ?? 0)}
                  </td>,
                  <td key={`s ${place}`} data-series={place}>
                    {words.percent(shares[i]?.[bucket] ?? 0)}
                  </td>,
                ])}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** Of several series each has its name above both of its columns: the columns are no wider than their numbers. */
function Heading({ all, title }: { all: readonly NamedDistribution[]; title: string }): JSX.Element {
  const columns = all.flatMap(({ place }) => [
    <th key={`n ${place}`} scope="col" class="start">
      samples
    </th>,
    <th key={`s ${place}`} scope="col">
      share
    </th>,
  ]);
  if (all.length === 1) {
    return (
      <thead>
        <tr>
          <th scope="col">{title}</th>
          {columns}
        </tr>
      </thead>
    );
  }
  return (
    <thead>
      <tr>
        <th scope="col" rowSpan={2}>
          {title}
        </th>
        {all.map(({ name, place }) => (
          <th key={place} scope="colgroup" colSpan={2} class="start name">
            <span class={`dot series-${place}`} aria-hidden="true" />
            <bdi>{name}</bdi>
          </th>
        ))}
      </tr>
      <tr>{columns}</tr>
    </thead>
  );
}

/** Which rows there are not. `before`: empty buckets below the first row; `after`: above the last one. */
function leftOutText(before: number, after: number): string {
  const parts = [
    before > 0 ? `${words.count(before)} before the first row` : "",
    after > 0 ? `${words.count(after)} after the last` : "",
  ].filter(Boolean);
  return parts.length === 0 ? "All buckets" : `Empty buckets left out: ${parts.join(", ")}`;
}
