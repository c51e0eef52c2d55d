/**
 * What reading JSON from bytes throws when it meets something that it does not read itself: JSON that is broken, or right in
 * an uncommon way (an escaped name, a name that is there twice, very deep nesting). Who catches it does the record again with
 * `record.json()`, which then gives the value, or rejects the record in its own words.
 *
 * One object is thrown each time: making an error with its stack costs more than reading a small record.
 */
export class Surprise extends Error {
  constructor() {
    super("the bytes are read another way: record.json()");
    this.name = "Surprise";
  }
}

export const surprise = new Surprise();
