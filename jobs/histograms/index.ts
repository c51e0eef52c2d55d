/**
 * The telemetry dashboard: histograms of pings summed by channel, version, measure, date and filter path, and published in
 * the layout that clients of the original read. Blocks come by the telemetry layout; definitions of the histograms are the
 * side files named in definitions.ts, and may be missing.
 *
 * In: accumulator.ts, with ping-scan.ts (a record's bytes -> numbers) or ping.ts (the plain way). Stored: keys.ts, value.ts.
 * Out: render.ts, with encoded-rows.ts (rows from entries' bytes).
 */
import { defineAnalysis } from "../analysis.ts";
import { HistogramAccumulator } from "./accumulator.ts";
import { Definitions } from "./definitions.ts";
import { folderName } from "./folder-name.ts";
import { mergeEncoded } from "./merge-encoded.ts";
import { KEY_COLUMNS, UNIT_COLUMNS } from "./keys.ts";
import { renderEncodedUnit, renderUnit } from "./render.ts";
import type { Value } from "./value.ts";
import { decodeValue, encodeValue, isSums, mergeValues, rowOf } from "./value.ts";

export default defineAnalysis<Value>({
  name: "histograms",
  key: KEY_COLUMNS,
  inputs: ["definitions"],
  accumulator: ({ inputs }) => new HistogramAccumulator(inputs),
  merge: mergeValues,
  mergeEncoded,
  finish: (_key, value) => (isSums(value) ? rowOf(value) : value),
  encode: encodeValue,
  decode: decodeValue,
  publish: {
    by: UNIT_COLUMNS,
    pointer: "versions.json",
    label: ({ key: [channel = "", version = ""] }) => `${channel}/${version}`,
    folder: ({ key: [channel = "", version = ""] }, stamp, suffix) => folderName(channel, version, stamp, suffix),
    render: (_unit, entries, site, { inputs }) => renderUnit(entries, site, new Definitions(inputs)),
    renderEncoded: (_unit, entries, site, { inputs }) => renderEncodedUnit(entries, site, new Definitions(inputs)),
  },
});
