/**
 * A table that stands as rows of labelled values where it has little room. Roles are said, since `display` would take them away. Where
 * it is wider than its room all the same, it scrolls, says so, and the keyboard reaches it.
 */
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Names and messages of anybody, which may be one word of any length: such a word is broken. */
  readonly isForeign?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableInput<Row> {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The first one heads its row. */
  readonly columns: readonly Column<Row>[];
  /** Short numbers in few columns: it has room enough everywhere. */
  readonly isCompact?: boolean;
}

export function Table<Row>({ caption, rows, keyOf, columns, isCompact = false }: TableInput<Row>): VNode {
  const frame = useRef<HTMLDivElement>(null);
  const isWider = useIsWider(frame);
  return (
    <div class="table-frame">
      {isWider && <p class="sub more">More to the right: scroll, or use the arrow keys →</p>}
      <div
        class="table-scroll"
        ref={frame}
        {...(isWider ? { role: "region", "aria-label": `Table: ${caption}`, tabIndex: 0 } : {})}
      >
        <table role="table" class={isCompact ? "compact" : "stacks"}>
          <caption class="for-readers">{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <th role="columnheader" scope="col" class={classOf(column)} key={column.title}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map((row) => (
              <tr role="row" key={keyOf(row)}>
                {columns.map((column, index) =>
                  index === 0 ? (
                    <th role="rowheader" scope="row" class={classOf(column)} key={column.title}>
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td role="cell" class={classOf(column)} data-title={column.title} key={column.title}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function classOf<Row>({ isNumber = false, isForeign = false }: Column<Row>): string {
  return isNumber ? "n" : isForeign ? "foreign" : "";
}

/** Whether what is in the frame is wider than it; looked at anew whenever either changes its size. */
function useIsWider(frame: { readonly current: HTMLElement | null }): boolean {
  const [isWider, setIsWider] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = (): void => setIsWider(element.scrollWidth > element.clientWidth);
    const observer = new ResizeObserver(look);
    for (const seen of [element, element.firstElementChild]) if (seen !== null) observer.observe(seen);
    return () => observer.disconnect();
  }, []);
  return isWider;
}
