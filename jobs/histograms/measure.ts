/** What counts as a measurement, whichever way a ping is read. */

/** What counts as a measure's name: it names files. */
export const MEASURE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}$/;

/** No measurement is larger; sums of fewer than 2^27 such numbers stay below the greatest double. */
export const NUMBER_MAX = 1e300;

export function isMeasurement(value: unknown): value is number {
  return typeof value === "number" && value <= NUMBER_MAX && value >= -NUMBER_MAX;
}
