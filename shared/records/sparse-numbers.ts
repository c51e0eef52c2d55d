/**
 * Arrays of numbers as a record has them, one behind the other, without their zeros: most numbers of a histogram are zero.
 * Typed arrays that are used again for each record; they grow to the largest record met.
 */

/** Of numbers that are read digit by digit; only others can be larger. */
const PLAIN_MAX = 1e18;

/** A record of this size has its arrays in the room that is there at first. */
const FIRST_ROOM = 4096;

export class SparseNumbers {
  /** Of each number that is not zero: its index within its array. */
  places: Int32Array = new Int32Array(FIRST_ROOM);
  values: Float64Array = new Float64Array(FIRST_ROOM);
  /** How many numbers are held. */
  used = 0;
  /** No number is larger, without its sign. Errs upwards. */
  magnitudeMax = PLAIN_MAX;

  /** Forgets what it holds, and makes room for all numbers that `bytes` of JSON can have. */
  begin(bytes: number): void {
    this.used = 0;
    this.magnitudeMax = PLAIN_MAX;
    // A number and its comma.
    const room = (bytes >>> 1) + 1;
    if (room <= this.places.length) return;
    this.places = new Int32Array(room);
    this.values = new Float64Array(room);
  }

  /** About, in bytes. */
  get bytes(): number {
    return this.places.byteLength + this.values.byteLength;
  }
}
