/**
 * The measurements of one synthetic ping as text, made once, and the places of its digits: a record is a copy of it with
 * other digits, which is as fast as copying. Numbers keep their length, so first digits stay above zero.
 */
import { Buffer } from "node:buffer";
import { boundsOf } from "../histograms/bounds.ts";
import type { SampleDefinition } from "./definitions.ts";
import type { Random } from "./random.ts";

export interface Template {
  /** `"simpleMeasurements":{...},"histograms":{...}}` */
  readonly bytes: Uint8Array;
  /** Places of first digits, 1 to 9. */
  readonly firstDigits: Uint32Array;
  /** Places of other digits, 0 to 9. */
  readonly otherDigits: Uint32Array;
}

/** Of the measures, a ping has this share (percent), as no session uses all of a program. */
const PRESENT_PERCENT = 85;

const SIMPLE_MEASURES =
  "start main selectProfile afterProfileLocked createTopLevelWindow firstPaint firstLoadURI sessionRestored shutdownDuration uptime".split(
    " ",
  );

export function makeTemplate(definitions: Readonly<Record<string, SampleDefinition>>, random: Random): Template {
  const text = new DigitText();
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

/** Text that remembers which of its digits may change. */
class DigitText {
  #text = "";
  readonly #first: number[] = [];
  readonly #other: number[] = [];

  fixed(text: string): void {
    this.#text += text;
  }

  /** A number of so many digits before and after the point. */
  varying(digits: number, decimals = 0): void {
    this.#first.push(this.#text.length);
    for (let i = 1; i < digits; i++) this.#other.push(this.#text.length + i);
    this.#text += "1".repeat(digits);
    if (decimals === 0) return;
    this.#text += ".";
    // The last one is never zero: numbers are written without zeros at the end.
    for (let i = 0; i < decimals - 1; i++) this.#other.push(this.#text.length + i);
    this.#first.push(this.#text.length + decimals - 1);
    this.#text += "1".repeat(decimals);
  }

  template(): Template {
    return {
      bytes: Buffer.from(this.#text, "latin1"),
      firstDigits: Uint32Array.from(this.#first),
      otherDigits: Uint32Array.from(this.#other),
    };
  }
}

/** Buckets around a centre, fewer and fewer away from it, then the statistics that go with the kind. */
function writeHistogram(text: DigitText, definition: SampleDefinition, random: Random): void {
  const bounds = boundsOf({ ...definition }) ?? [];
  if (definition.kind === "flag") {
    text.fixed(random.below(5) === 0 ? "0,1,0,1,-1,-1,1,0" : "1,0,0,0,-1,-1,0,0");
    return;
  }
  // The last bucket of these kinds is there for what does not fit: it stays empty.
  const usable = definition.kind === "exponential" ? bounds.length : bounds.length - 1;
  const centre = random.below(usable);
  const digitsMost = 1 + random.below(4);
  let sum = 0;
  for (const [i, bound] of bounds.entries()) {
    const digits = i < usable ? digitsMost - Math.abs(i - centre) : 0;
    if (digits > 0) {
      text.varying(digits);
      sum += bound * 5 * 10 ** (digits - 1);
    } else text.fixed("0");
    text.fixed(",");
  }
  const sumDigits = String(Math.max(1, sum)).length;
  text.varying(sumDigits);
  if (definition.kind === "exponential") {
    text.fixed(",");
    text.varying(3, 12);
    text.fixed(",");
    text.varying(4, 11);
    text.fixed(",-1,-1");
  } else {
    text.fixed(",-1,-1,");
    text.varying(sumDigits + 1);
    text.fixed(",0");
  }
}
