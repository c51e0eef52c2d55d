/**
 * The measurements of one synthetic ping as pieces of text, made once, with the places of the numbers that change: a record is
 * a copy of the pieces with other counts and, behind them, the sums that belong to these counts (record.ts).
 *
 * Each bucket of a template stands for one value that lies in it, so that sums are what a client would have summed up.
 */
import { Buffer } from "node:buffer";
import { boundsOf } from "../histograms/bounds.ts";
import type { SampleDefinition } from "./definitions.ts";
import type { Random } from "./random.ts";

/** What stands behind a piece's numbers: nothing, or the five statistics of a histogram, by its kind. */
export type Statistics = "none" | "logarithms" | "squares";

/** Text with numbers that change, and what follows from them. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly statistics: Statistics;
  /** Its numbers are those of the template before this one, from where the piece before it ends. */
  readonly numbersEnd: number;
}

/** The lists of numbers are one for all pieces, since a processor reads one list faster than hundreds. */
export interface Template {
  /** `"simpleMeasurements":{...},"histograms":{...}}` */
  readonly pieces: readonly Piece[];
  /** By number: where its first digit stands in the piece. */
  readonly places: Uint32Array;
  /** By number: how many digits it has. It keeps its length, so its first digit stays above zero. */
  readonly digits: Uint8Array;
  /** By number three: a value of the bucket that it counts, then its square and 0, or ln(1 + value) and the square of that. */
  readonly weights: Float64Array;
  /** No record of this template is longer. */
  readonly bytesMax: number;
}

export const WEIGHTS_A_NUMBER = 3;
/** Decimals of logarithms. Sums of them in billionths stay whole numbers that are exact: below 2^53 with the counts that there are. */
export const LOGARITHM_UNIT = 1e9;
/** Longer than any statistics are: five numbers of at most 17 characters, and the signs between. */
const STATISTICS_BYTES_MAX = 96;

/** Of the measures, a ping has this share (percent), as no session uses all of a program. */
const PRESENT_PERCENT = 85;

const SIMPLE_MEASURES =
  "start main selectProfile afterProfileLocked createTopLevelWindow firstPaint firstLoadURI sessionRestored shutdownDuration uptime".split(
    " ",
  );

export function makeTemplate(definitions: Readonly<Record<string, SampleDefinition>>, random: Random): Template {
  const text = new TemplateText();
  text.fixed('"simpleMeasurements":{');
  for (const name of SIMPLE_MEASURES) {
    text.fixed(`"${name}":`);
    text.varying(1 + random.below(4));
    text.fixed(",");
  }
  text.fixed('"js":{"setProto":0,"customIter":');
  text.varying(1);
  text.fixed('}},"histograms":{');
  let separator = "";
  for (const [name, definition] of Object.entries(definitions)) {
    if (random.below(100) >= PRESENT_PERCENT) continue;
    text.fixed(`${separator}"${name}":[`);
    writeHistogram(text, definition, random);
    text.fixed("]");
    separator = ",";
  }
  text.fixed("}}");
  return text.template();
}

/** Text that remembers which of its numbers may change. */
class TemplateText {
  /** Of the piece that is being written. */
  #text = "";
  readonly #pieces: Piece[] = [];
  readonly #places: number[] = [];
  readonly #digits: number[] = [];
  readonly #weights: number[] = [];

  fixed(text: string): void {
    this.#text += text;
  }

  /** A number of so many digits; `weights`: what is summed up of the value that it counts. */
  varying(digits: number, weights: readonly [number, number, number] = [0, 0, 0]): void {
    this.#places.push(this.#text.length);
    this.#digits.push(digits);
    this.#weights.push(...weights);
    this.#text += "1".repeat(digits);
  }

  /** Ends the piece, with these behind it. */
  statistics(statistics: Statistics): void {
    this.#pieces.push({
      bytes: Buffer.from(this.#text, "latin1"),
      statistics,
      numbersEnd: this.#places.length,
    });
    this.#text = "";
  }

  template(): Template {
    this.statistics("none");
    return {
      pieces: this.#pieces,
      places: Uint32Array.from(this.#places),
      digits: Uint8Array.from(this.#digits),
      weights: Float64Array.from(this.#weights),
      bytesMax: this.#pieces.reduce((sum, { bytes }) => sum + bytes.length + STATISTICS_BYTES_MAX, 0),
    };
  }
}

/** Buckets around a centre, fewer and fewer away from it, then the statistics that go with the kind. */
function writeHistogram(text: TemplateText, definition: SampleDefinition, random: Random): void {
  const bounds = boundsOf({ ...definition }) ?? [];
  if (definition.kind === "flag") {
    text.fixed(random.below(5) === 0 ? "0,1,0,1,-1,-1,1,0" : "1,0,0,0,-1,-1,0,0");
    return;
  }
  // The last bucket of the other kinds is there for what does not fit: it stays empty.
  const isExponential = definition.kind === "exponential";
  const usable = isExponential ? bounds.length : bounds.length - 1;
  const centre = random.below(usable);
  const digitsMost = 1 + random.below(4);
  for (const i of bounds.keys()) {
    const digits = i < usable ? digitsMost - Math.abs(i - centre) : 0;
    if (digits > 0) text.varying(digits, weightsOf(valueIn(bounds, i, random), isExponential));
    else text.fixed("0");
    text.fixed(",");
  }
  text.statistics(isExponential ? "logarithms" : "squares");
}

/** A whole number that lies in the bucket; of the last one, which has no upper bound, one that is up to a quarter greater. */
function valueIn(bounds: readonly number[], bucket: number, random: Random): number {
  const from = bounds[bucket] ?? 0;
  const to = bounds[bucket + 1] ?? from + (from >> 2);
  return from + random.below(Math.max(1, to - from));
}

function weightsOf(value: number, isExponential: boolean): [number, number, number] {
  if (!isExponential) return [value, value * value, 0];
  const logarithm = Math.log1p(value);
  return [value, Math.round(logarithm * LOGARITHM_UNIT), Math.round(logarithm * logarithm * LOGARITHM_UNIT)];
}
