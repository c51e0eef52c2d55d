/** A table that stands as rows of labelled values on a narrow screen. Roles are said, since `display` would take them away. */
import type { ComponentChildren, VNode } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableInput<Row> {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The first one heads its row. */
  readonly columns: readonly Column<Row>[];
}

export function Table<Row>({ caption, rows, keyOf, columns }: TableInput<Row>): VNode {
  return (
    <table role="table">
      <caption class="for-readers">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, isNumber }) => (
            <th role="columnheader" scope="col" class={isNumber === true ? "n" : ""} key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={keyOf(row)}>
            {columns.map(({ title, isNumber, cell }, index) =>
              index === 0 ? (
                <th role="rowheader" scope="row" key={title}>
                  {cell(row)}
                </th>
              ) : (
                <td role="cell" class={isNumber === true ? "n" : ""} data-title={title} key={title}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
