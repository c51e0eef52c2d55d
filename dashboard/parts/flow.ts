/** Places things in rows, as words stand in lines: for drawings, which place nothing by themselves. Pure. */

export interface Place {
  readonly row: number;
  readonly x: number;
}

/** A place for each width; what is wider than a row has one alone. `gap`: between two in a row. */
export function flow(widths: readonly number[], rowWidth: number, gap: number): Place[] {
  let row = 0;
  let x = 0;
  return widths.map((width) => {
    if (x > 0 && x + width > rowWidth) {
      row++;
      x = 0;
    }
    const place = { row, x };
    x += width + gap;
    return place;
  });
}
