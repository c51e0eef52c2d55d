/** Orders and trees of merging, by a seed: what exactness is tested over. */

/** A small generator (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** One value of all of them, merged pair by pair of neighbours that chance picks: any tree shape. */
export function asTree<T>(items: readonly T[], merge: (a: T, b: T) => T, random: () => number): T {
  const rest = [...items];
  while (rest.length > 1) {
    const at = Math.floor(random() * (rest.length - 1));
    rest.splice(at, 2, merge(rest[at] as T, rest[at + 1] as T));
  }
  return rest[0] as T;
}
