/** Aggregates: what each covers, and how old it is. */
import type { VNode } from "preact";
import type { AggregateLine } from "./document.ts";
import { Table } from "./table.tsx";
import { count as countText } from "../parts/words.ts";
import { agoText } from "./words.ts";

interface Input {
  readonly aggregates: readonly AggregateLine[];
  readonly storeNow: number;
}

export function Aggregates({ aggregates, storeNow }: Input): VNode {
  return (
    <section aria-labelledby="aggregates">
      <h2 id="aggregates">Aggregates</h2>
      {aggregates.length === 0 ? (
        <p class="empty">None yet.</p>
      ) : (
        <Table
          caption="Aggregates, their coverage and age"
          rows={aggregates}
          keyOf={({ aggregate }) => aggregate}
          columns={[
            { title: "Aggregate", cell: ({ aggregate }) => <span class="name">{aggregate}</span> },
            { title: "Analysis", cell: ({ analysis }) => analysis },
            { title: "Covered", isNumber: true, cell: ({ blocks }) => countOr(blocks?.covered) },
            { title: "Missing", isNumber: true, cell: ({ blocks }) => countOr(blocks?.missing) },
            { title: "Open", isNumber: true, cell: ({ blocks }) => countOr(blocks?.open) },
            { title: "Records", isNumber: true, cell: ({ records }) => countText(records) },
            { title: "Changed", cell: ({ committedAt }) => agoText(storeNow - committedAt) },
            {
              title: "Published",
              cell: ({ publishedAt }) => (publishedAt === null ? "not seen" : agoText(storeNow - publishedAt)),
            },
          ]}
        />
      )}
    </section>
  );
}

function countOr(count: number | undefined): string {
  return count === undefined ? "–" : countText(count);
}
