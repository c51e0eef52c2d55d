/** `text`: each line is a record, an empty one too. LF or CRLF. */
import type { Line, RecordFormat } from "./format.ts";

const CR = 13;

export const text: RecordFormat = {
  name: "text",
  locate: (line) => {
    withoutCarriageReturn(line);
    return "record";
  },
  fields: (record) => [record.text()],
};

/** Leaves out a CR at the line's end. */
export function withoutCarriageReturn(line: Line): void {
  if (line.end > line.start && line.bytes[line.end - 1] === CR) line.end -= 1;
}
