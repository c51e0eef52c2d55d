/**
 * How fast pings are read beside `JSON.parse`, as one number that can be asked for on any machine, loaded or not: both read the
 * same pings in the same process, in turn, and the quickest turn of each counts. What disturbs one disturbs the other, and
 * nothing makes a turn quicker than it is.
 */
import type { Pings } from "./scan-pings.ts";
import { cpuOf, makePings, parseAll, scanAll } from "./scan-pings.ts";

/** So short that some turns are not disturbed at all. */
const mb = 6;

/** The first ones run before everything is compiled. */
const turns = 16;

/** Asked again when the answer is bad: chance makes it worse, never better. */
const tries = 3;

/**
 * Reading takes 0.6 of what parsing takes where this was written. Twice as slow is beyond this by as much as a good day is
 * below it.
 */
export const hotPathRatioMax = 0.85;

/** The CPU time of `scan` by that of parsing; the least of some tries, which end when it is good enough. */
export function hotPathRatio(scan: (pings: Pings) => void = scanAll): number {
  const pings = makePings(mb, (text) => text);
  let least = Infinity;
  for (let i = 0; i < tries && least > hotPathRatioMax; i++) {
    let scanned = Infinity;
    let parsed = Infinity;
    for (let turn = 0; turn < turns; turn++) {
      scanned = Math.min(
        scanned,
        cpuOf(() => scan(pings)),
      );
      parsed = Math.min(
        parsed,
        cpuOf(() => parseAll(pings)),
      );
    }
    least = Math.min(least, scanned / parsed);
  }
  return least;
}
