/** Missing blocks: how many, why, which; and what can be done about a reason. */
import type { VNode } from "preact";
import type { MissingReport } from "./document.ts";
import { Table } from "./table.tsx";
import { counted, count as countText } from "../parts/words.ts";

/** By the class of the reason. */
const cures: ReadonlyMap<string, string> = new Map([
  ["content", "only with --reprocess, after the block or the analysis was changed"],
  ["circumstance", "by the next run that selects it"],
]);

export function Missing({ missing }: { readonly missing: MissingReport }): VNode {
  const { count, reasons, blocks } = missing;
  return (
    <section aria-labelledby="missing">
      <h2 id="missing">Missing blocks</h2>
      {count === 0 ? (
        <p class="empty">None is missing.</p>
      ) : (
        <>
          <Table
            caption="Missing blocks by reason"
            rows={reasons}
            keyOf={({ reason }) => reason}
            columns={[
              { title: "Reason", cell: ({ reason }) => reason },
              { title: "Blocks", isNumber: true, cell: ({ count: some }) => countText(some) },
              { title: "Tried again", cell: (line) => cures.get(line.class) ?? line.class },
            ]}
          />
          <details>
            <summary>
              {blocks.length < count
                ? `The first ${countText(blocks.length)} of ${counted(count, "block")}`
                : counted(count, "block")}
            </summary>
            <Table
              caption="Missing blocks"
              rows={blocks}
              keyOf={({ aggregate, dataset, key }) => JSON.stringify([aggregate, dataset, key])}
              columns={[
                { title: "Block", cell: ({ key }) => <span class="name">{key}</span> },
                { title: "Aggregate", cell: ({ aggregate }) => aggregate },
                { title: "Reason", cell: ({ reason }) => reason },
                { title: "Detail", cell: ({ detail }) => detail },
              ]}
            />
          </details>
        </>
      )}
    </section>
  );
}
