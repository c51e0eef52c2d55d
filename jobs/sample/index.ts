/**
 * Synthetic telemetry of any size: pings that look like real ones to every part of Spotfold, made from a seed, pure. The same
 * seed and index give the same bytes. Blocks spread over channels, versions, builds, days and systems by their index, so that
 * a few of them show all there is: several versions, pings sent more than 60 days after the build, a definition that changed.
 *
 * Text is made at several hundred MB/s a core: records are copies of prepared templates with other counts, and the sums of these.
 */
import { Buffer } from "node:buffer";
import { CHANGED_MEASURE, CHANGED_MEASURE_BEFORE, sampleDefinitions } from "./definitions.ts";
import { Random } from "./random.ts";
import { writeMeasurements } from "./record.ts";
import { makeTemplate, type Template } from "./template.ts";

export { sampleDefinitions } from "./definitions.ts";

/** About the size of one record, id and line end included: what a size in bytes is divided by. */
export const SAMPLE_RECORD_BYTES = 34_000;

export interface SampleOptions {
  readonly records: number;
}

export interface SampleBlock {
  /** By the telemetry layout, without the codec's suffix. */
  readonly key: string;
  /** The block's text, record after record, in pieces of about 1 MB. Made when it is read; once. */
  readonly chunks: Iterable<Uint8Array>;
}

const CHANNELS = [
  ["nightly", "28.0a1"],
  ["nightly", "29.0a1"],
  ["aurora", "27.0a2"],
  ["beta", "26.0"],
  ["release", "25.0.1"],
] as const;

/** [OS, version, arch], as often as they are met. */
const SYSTEMS = [
  ["WINNT", "6.1", "x86"],
  ["WINNT", "6.1", "x86"],
  ["WINNT", "6.1", "x86-64"],
  ["WINNT", "5.1", "x86"],
  ["WINNT", "6.3", "x86-64"],
  ["Darwin", "13.0.0", "x86-64"],
  ["Linux", "3.11.0-12-generic", "x86-64"],
  ["Linux", "3.2.0-4-amd64", "x86"],
] as const;

const FIRST_BUILD = Date.UTC(2013, 9, 1);
const DAY_MS = 86_400_000;
const BUILD_DAYS = 28;
/** Builds of this day and later have the changed definition. */
const CHANGE_DAY = 10;
/** How long after the build pings come: mostly within a week, now and then too late to count by submission date. */
const DELAY_DAYS = [0, 1, 1, 2, 2, 3, 4, 5, 6, 14, 75] as const;

const TEMPLATES = 12;
const CHUNK_BYTES = 1 << 20;
/** Streams of chance below this are those of blocks. */
const TEMPLATE_STREAM = -1;

const ID_PATTERN = "00000000-0000-4000-a000-000000000000";
const ID_DIGITS = ID_PATTERN.split("").flatMap((character, i) => (character === "0" ? [i] : []));

const HEX_DIGITS = Buffer.from("0123456789abcdef");
const LINE_END = 0x0a;

/** Block number `index` (from 0) of the data set of this seed (a whole number). */
export function sampleBlock(seed: number, index: number, options: SampleOptions): SampleBlock {
  const random = new Random(seed, index);
  const [channel, version] = CHANNELS[index % CHANNELS.length] as (typeof CHANNELS)[number];
  const buildDay = (index * 3 + random.below(3)) % BUILD_DAYS;
  const build = dateOf(FIRST_BUILD + buildDay * DAY_MS);
  const date = dateOf(FIRST_BUILD + (buildDay + random.pick(DELAY_DAYS)) * DAY_MS);
  const buildId = `${build}030201`;
  const key = `saved_session/Firefox/${channel}/${version}/${buildId}.${date}.v2.log.${random.hex(32)}`;
  const heads = SYSTEMS.map(([OS, osVersion, arch]) => {
    const info = {
      reason: "saved-session",
      appName: "Firefox",
      appUpdateChannel: channel,
      appVersion: version,
      appBuildID: buildId,
      OS,
      version: osVersion,
      arch,
      locale: "en-US",
      cpucount: random.pick([2, 4, 4, 8]),
      memsize: random.pick([2047, 4095, 8190, 16_384]),
      revision: `http://hg.example.org/sample/rev/${new Random(seed, TEMPLATE_STREAM - 1 - buildDay).hex(12)}`,
    };
    return Buffer.from(`${ID_PATTERN}\t{"ver":2,"info":${JSON.stringify(info)},`);
  });
  return { key, chunks: chunksOf(heads, templatesOf(seed, buildDay >= CHANGE_DAY), random, options.records) };
}

/** YYYYMMDD in UTC. */
function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10).replaceAll("-", "");
}

/** The templates of a seed, made once: they are the costly part, and depend on nothing else. */
const made = new Map<string, readonly Template[]>();
/** A process makes one data set, rarely two. */
const MADE_MAX = 4;

function templatesOf(seed: number, changed: boolean): readonly Template[] {
  const id = `${seed} ${changed}`;
  let templates = made.get(id);
  if (templates === undefined) {
    const random = new Random(seed, TEMPLATE_STREAM);
    const definitions = { ...sampleDefinitions(), ...(changed ? {} : { [CHANGED_MEASURE]: CHANGED_MEASURE_BEFORE }) };
    templates = Array.from({ length: TEMPLATES }, () => makeTemplate(definitions, random));
    if (made.size >= MADE_MAX) made.clear();
    made.set(id, templates);
  }
  return templates;
}

function* chunksOf(
  heads: readonly Uint8Array[],
  templates: readonly Template[],
  random: Random,
  records: number,
): Iterable<Uint8Array> {
  const headBytesMax = Math.max(...heads.map(({ length }) => length));
  const recordBytesMax = headBytesMax + Math.max(...templates.map(({ bytesMax }) => bytesMax)) + 1;
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES + recordBytesMax);
  let used = 0;
  for (let i = 0; i < records; i++) {
    used = writeRecord(chunk, used, random.pick(heads), random.pick(templates), random);
    if (used < CHUNK_BYTES) continue;
    yield chunk.subarray(0, used);
    // The reader may keep what it got.
    chunk = Buffer.allocUnsafe(CHUNK_BYTES + recordBytesMax);
    used = 0;
  }
  if (used > 0) yield chunk.subarray(0, used);
}

/** Where the record ends. */
function writeRecord(chunk: Buffer, at: number, head: Uint8Array, template: Template, random: Random): number {
  chunk.set(head, at);
  fillId(chunk, at, random);
  const end = writeMeasurements(chunk, at + head.length, template, random);
  chunk[end] = LINE_END;
  return end + 1;
}

function fillId(chunk: Buffer, base: number, random: Random): void {
  let bits = 0;
  for (const [i, place] of ID_DIGITS.entries()) {
    // Four bits a digit.
    if ((i & 7) === 0) bits = random.bits();
    chunk[base + place] = HEX_DIGITS[bits & 15] as number;
    bits >>>= 4;
  }
}
