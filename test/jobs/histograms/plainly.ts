/** Pings that are read the plain way, by `record.json()`, and what becomes of pings: what the scan is held against. */
import assert from "node:assert/strict";
import type { RecordView } from "../../../jobs/analysis.ts";
import { InvalidRecord } from "../../../jobs/analysis.ts";
import type { HistogramAccumulator } from "../../../jobs/histograms/accumulator.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { encodeEntries } from "../../../jobs/testing.ts";
import { TestRecord } from "../../../jobs/testing/record.ts";
import { DIMENSIONS } from "./dimensions.ts";

export const NO_INPUTS = { names: () => [], read: () => new Uint8Array() };
export const NOTHING = new Uint8Array();

/** The same record without bytes to scan: it goes the plain way. */
export function plainly(record: RecordView): RecordView {
  return {
    bytes: NOTHING,
    id: record.id,
    ordinal: record.ordinal,
    offset: record.offset,
    block: record.block,
    text: () => record.text(),
    json: () => record.json() as unknown,
    fields: () => record.fields(),
  };
}

/** What becomes of each record, and what is drained when all have been added. */
export function outcome(records: readonly Uint8Array[], accumulator: HistogramAccumulator, plain: boolean): string[] {
  const view = new TestRecord({ key: "", dimensions: DIMENSIONS });
  const rejections = records.map((bytes) => {
    view.load(bytes);
    try {
      accumulator.add(plain ? plainly(view) : view);
      return "";
    } catch (error) {
      assert.ok(error instanceof InvalidRecord, String(error));
      return `${error.reason}: ${error.message}`;
    } finally {
      view.overwrite();
    }
  });
  return [...rejections, ...encodeEntries(histograms, [...accumulator.drain()])];
}
