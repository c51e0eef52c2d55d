/** Cuts what one call asks for into transactions short enough for other processes to wait for. */

/** About 5 ms of work. */
const entriesMax = 1_000;
/** Of message bodies. */
const charactersMax = 4_194_304;

/** Consecutive, not empty, each within both limits unless one entry alone is over. `weigh` gives an entry's characters. */
export function* batches<Entry>(entries: readonly Entry[], weigh: (entry: Entry) => number): Generator<Entry[]> {
  let batch: Entry[] = [];
  let weight = 0;
  for (const entry of entries) {
    const added = weigh(entry);
    if (batch.length === entriesMax || (batch.length > 0 && weight + added > charactersMax)) {
      yield batch;
      batch = [];
      weight = 0;
    }
    batch.push(entry);
    weight += added;
  }
  if (batch.length > 0) yield batch;
}
