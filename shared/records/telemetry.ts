/**
 * `telemetry`: `<id>\t<json>\n`. A line without a tab is refused, an empty one too: the original counted it as an error, and
 * nobody writes them. What follows the first tab is the content, a CR included (JSON allows it).
 */
import type { RecordFormat } from "./format.ts";

const TAB = 9;

const noTab = { reason: "no-tab", message: "the line has no tab between id and JSON" } as const;

export const telemetry: RecordFormat = {
  name: "telemetry",
  locate: (line) => {
    const { bytes, start, end } = line;
    // A loop, not indexOf: that would look for a tab far beyond the line. Ids are 36 bytes.
    for (let at = start; at < end; at++) {
      if (bytes[at] !== TAB) continue;
      line.idStart = start;
      line.idEnd = at;
      line.start = at + 1;
      return "record";
    }
    return noTab;
  },
  fields: (record) => [record.id, record.text()],
};
