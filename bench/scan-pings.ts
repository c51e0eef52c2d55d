/** Pings in memory, in variants that are hard on a reader which takes short cuts, and what it takes to read them all. */
import { Buffer } from "node:buffer";
import { HistogramAccumulator } from "../jobs/histograms/accumulator.ts";
import type { RecordView } from "../jobs/analysis.ts";
import { sampleBlock } from "../jobs/sample/index.ts";
import { createSplitter } from "../shared/records/index.ts";

export interface Pings {
  /** Records of the format `telemetry`. */
  readonly bytes: Buffer;
}

/** As an executor gets them from its pipe. */
const PIECE_BYTES = 200 * 1024;

const DIMENSIONS = {
  reason: "saved_session",
  appName: "Firefox",
  appUpdateChannel: "nightly",
  appVersion: "28.0a1",
  appBuildID: "20131029030201",
  submission_date: "20131030",
};

/** Of the records that are to force the plain way. */
const SURPRISING_SHARE = 0.01;

interface Json {
  histograms: Record<string, unknown>;
  simpleMeasurements: Record<string, unknown>;
}

/** `random` gives a number from 0 to 1 each time. */
type Change = (text: string, index: number, random: () => number) => string;

function changed(change: (json: Json, random: () => number) => unknown): Change {
  return (text, _, random) => JSON.stringify(change(JSON.parse(text) as Json, random));
}

function inAnyOrder(value: object, random: () => number): object {
  const members = Object.entries(value).map((member) => ({ member, place: random() }));
  return Object.fromEntries(members.toSorted((a, b) => a.place - b.place).map(({ member }) => member));
}

export const variants: Readonly<Record<string, Change>> = {
  "as they are": (text) => text,
  "keys shuffled": changed((json, random) => {
    const sections = Object.entries(inAnyOrder(json, random));
    return Object.fromEntries(sections.map(([name, value]) => [name, inAnyOrder(Object(value) as object, random)]));
  }),
  "other simple measures": changed((json) => {
    const parts = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`part${i}`, i * 1.5]));
    const others = Array.from({ length: 40 }, (_, i) => [`measure${i}`, i % 10 === 0 ? parts : i * 1001]);
    return { ...json, simpleMeasurements: Object.fromEntries(others) as unknown };
  }),
  "unknown histograms": changed((json) => ({
    ...json,
    histograms: Object.fromEntries(Object.entries(json.histograms).map(([name, array]) => [`UNKNOWN_${name}`, array])),
  })),
  "1 % surprising": (text, index) =>
    index % Math.round(1 / SURPRISING_SHARE) === 0 ? text.replace('"histograms"', String.raw`"\u0068istograms"`) : text,
};

/** About `mb` megabytes of the sample's pings, each changed. */
export function makePings(mb: number, change: Change): Pings {
  const random = seeded();
  const parts: Buffer[] = [];
  let bytes = 0;
  for (let block = 0; bytes < mb * 1e6; block++) {
    const text = Buffer.concat([...sampleBlock(1, block, { records: 200 }).chunks]).toString();
    for (const [index, line] of text.split("\n").entries()) {
      if (line === "") continue;
      const tab = line.indexOf("\t") + 1;
      const record = Buffer.from(`${line.slice(0, tab)}${change(line.slice(tab), index, random)}\n`);
      parts.push(record);
      bytes += record.length;
    }
  }
  return { bytes: Buffer.concat(parts) };
}

/** Calls back for each record, as an executor does. */
export function eachPing({ bytes }: Pings, record: (view: RecordView) => void): void {
  const splitter = createSplitter("telemetry", {
    block: { key: "k", dimensions: DIMENSIONS },
    record,
    rejected: ({ message }) => {
      throw new Error(message);
    },
  });
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) splitter.push(bytes.subarray(at, at + PIECE_BYTES));
  splitter.end();
}

/** Reads all pings into the sums of the histogram analysis. */
export function scanAll(pings: Pings): void {
  const accumulator = new HistogramAccumulator({ names: () => [], read: () => new Uint8Array() });
  eachPing(pings, (record) => accumulator.add(record));
}

/** Parses all pings, and does nothing with them: the least that an analysis over objects costs. */
export function parseAll(pings: Pings): void {
  eachPing(pings, (record) => void JSON.parse(record.text()));
}

/** CPU seconds of this process. */
export function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function seeded(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
