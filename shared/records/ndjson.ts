/** `ndjson`: a JSON value per line, LF or CRLF. Empty lines are nothing: not counted, no error. */
import type { RecordFormat } from "./format.ts";
import { withoutCarriageReturn } from "./text.ts";

export const ndjson: RecordFormat = {
  name: "ndjson",
  locate: (line) => {
    withoutCarriageReturn(line);
    return line.start === line.end ? "nothing" : "record";
  },
  fields: (record) => [record.text()],
};
