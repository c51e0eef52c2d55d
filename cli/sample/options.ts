/** What a sample is made of: its options, checked, and its one-time choice of sizes. */
import { SAMPLE_RECORD_BYTES } from "../../jobs/sample/index.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** Suffixes of block keys, without the dot. */
export const sampleCodecs = ["lzma", "xz", "gz", "zst", "plain"] as const;
export type SampleCodec = (typeof sampleCodecs)[number];

/** The least that records of any seed have, compared with the average: so much as was asked for is made. */
const shortestShare = 0.97;
/** A thousand bytes: three records or so. Less is a slip, and would make a record per block all the same. */
const mbMin = 0.001;
/** 10 TB: more is a slip of the keyboard. */
const mbMax = 10_000_000;
/** As many files as a folder of a laptop bears. */
const blocksMax = 1_000_000;
/** The seed is stirred from 53 bits. */
const seedMax = Number.MAX_SAFE_INTEGER;

export const sampleDefaults = { mb: 200, blocks: 60, seed: 1, codecs: "lzma,xz,gz,zst" } as const;

export interface SampleRequest {
  /** Absolute. */
  readonly folder: string;
  readonly blocks: number;
  readonly recordsPerBlock: number;
  readonly seed: number;
  /** Block `i` is written in codec `i` modulo their number. */
  readonly codecs: readonly SampleCodec[];
}

/** As they stand on the command line; absent ones have defaults. */
export interface SampleNumbers {
  readonly mb?: string | number;
  readonly blocks?: string | number;
  readonly seed?: string | number;
  readonly codecs?: string;
}

/** Throws `usage`. At least `mb` million bytes come out of it; a block has at least one record. */
export function sampleRequest(folder: string, given: SampleNumbers): SampleRequest {
  const mb = numberOf("--mb", given.mb ?? sampleDefaults.mb, { min: mbMin, max: mbMax, whole: false });
  const blocks = numberOf("--blocks", given.blocks ?? sampleDefaults.blocks, { min: 1, max: blocksMax, whole: true });
  const seed = numberOf("--seed", given.seed ?? sampleDefaults.seed, { min: 0, max: seedMax, whole: true });
  const records = Math.ceil((mb * 1e6) / blocks / (SAMPLE_RECORD_BYTES * shortestShare));
  const codecs = codecsOf(given.codecs ?? sampleDefaults.codecs);
  return { folder, blocks, recordsPerBlock: Math.max(1, records), seed, codecs };
}

interface Rule {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

function numberOf(flag: string, given: string | number, { min, max, whole }: Rule): number {
  const value = typeof given === "number" ? given : given.trim() === "" ? Number.NaN : Number(given);
  if (value >= min && value <= max && (!whole || Number.isSafeInteger(value))) return value;
  throw new SpotfoldError(
    "usage",
    `${flag} ${given}: a ${whole ? "whole " : ""}number from ${min} to ${max} is expected`,
    {
      hint: "For example: spotfold sample --out ./sample --mb 200 --blocks 60.",
    },
  );
}

function codecsOf(text: string): readonly SampleCodec[] {
  return text.split(",").map((name) => {
    const codec = sampleCodecs.find((known) => known === name.trim());
    if (codec !== undefined) return codec;
    throw new SpotfoldError("usage", `--codecs ${text}: ${JSON.stringify(name)} is no codec`, {
      hint: `Known are ${sampleCodecs.join(", ")}; several with commas between them.`,
    });
  });
}
