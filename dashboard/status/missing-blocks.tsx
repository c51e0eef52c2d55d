/** Which blocks are missing: the first of each reason, all that the server lists when they are asked for, and where the others stand. */
import { Fragment, type VNode } from "preact";
import { useState } from "preact/hooks";
import type { MissingReport } from "./document.ts";
import { firstOfReasons } from "./overview.ts";
import { Table } from "./table.tsx";
import { counted, count as countText } from "../parts/words.ts";

export function MissingBlocks({ missing: { count, blocks } }: { readonly missing: MissingReport }): VNode {
  const [isAll, setIsAll] = useState(false);
  const first = firstOfReasons(blocks);
  const unlisted = count - blocks.length;
  return (
    <details>
      <summary>
        {blocks.length < count
          ? `The first ${countText(blocks.length)} of ${counted(count, "block")}`
          : counted(count, "block")}
      </summary>
      <Table
        caption="Missing blocks"
        rows={isAll ? blocks : first}
        keyOf={({ aggregate, dataset, key }) => JSON.stringify([aggregate, dataset, key])}
        columns={[
          { title: "Block", isForeign: true, cell: ({ key }) => <Key text={key} /> },
          { title: "Aggregate", isForeign: true, cell: ({ aggregate }) => aggregate },
          { title: "Reason", cell: ({ reason }) => reason },
          { title: "Detail", isForeign: true, cell: ({ detail }) => detail },
        ]}
      />
      {first.length < blocks.length && (
        <p>
          <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
            {isAll ? "Show the first of each reason" : `Show all ${countText(blocks.length)}`}
          </button>
        </p>
      )}
      {unlisted > 0 && (
        <p>
          {countText(unlisted)} more {unlisted === 1 ? "is" : "are"} missing and not listed here. All of them stand as{" "}
          <code>missing</code> in what is published: <code>AGGREGATE/coverage.json</code> in the web store, or in the
          folder of <code>run --out</code>.
        </p>
      )}
    </details>
  );
}

/** A key is long: its lines end at slashes where they can. */
function Key({ text }: { readonly text: string }): VNode {
  return (
    <span class="name">
      {text.split("/").map((part, index) => (
        <Fragment key={index}>
          {index > 0 && (
            <>
              /<wbr />
            </>
          )}
          {part}
        </Fragment>
      ))}
    </span>
  );
}
