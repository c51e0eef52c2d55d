/** Aggregates: what each covers, and how old it is. */
import type { VNode } from "preact";
import type { AggregateLine } from "./document.ts";
import { OutcomeMark } from "./outcome-mark.tsx";
import { outcomeOf } from "./outcome.ts";
import { rejectedText } from "./rejected.ts";
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
            {
              title: "Aggregate, analysis",
              isForeign: true,
              cell: ({ aggregate, analysis }) => (
                <>
                  <span class="name">{aggregate}</span> <span class="sub">by {analysis}</span>
                </>
              ),
            },
            { title: "Coverage", cell: ({ blocks }) => <Coverage blocks={blocks} /> },
            {
              title: "Records",
              isForeign: true,
              cell: ({ records, rejected }) => (
                <>
                  {countText(records)} <span class="sub">{rejectedText(rejected)}</span>
                </>
              ),
            },
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

function Coverage({ blocks }: Pick<AggregateLine, "blocks">): VNode {
  if (blocks === null) return <>unknown: it could not be read</>;
  const { covered, missing, open, triedAgain = 0 } = blocks;
  const again = triedAgain === 0 ? "" : ` (${countText(triedAgain)}\u00a0tried again)`;
  return (
    <>
      <OutcomeMark outcome={outcomeOf(blocks)} />
      <span class="sub">
        {`${countText(covered)}\u00a0covered, ${countText(missing)}\u00a0missing${again}, ${countText(open)}\u00a0open`}
      </span>
    </>
  );
}
