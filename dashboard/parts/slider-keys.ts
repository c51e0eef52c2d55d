/** Which place of many a key leads to, as sliders have it. Pure. */

/** How far the Page keys go. */
const pagePlaces = 10;

/** `at`: from 0 to `many` - 1. Null when it is none of these keys. */
export function movedBy(key: string, at: number, many: number): number | null {
  const moves = new Map([
    ["ArrowLeft", at - 1],
    ["ArrowDown", at - 1],
    ["ArrowRight", at + 1],
    ["ArrowUp", at + 1],
    ["PageDown", at - pagePlaces],
    ["PageUp", at + pagePlaces],
    ["Home", 0],
    ["End", many - 1],
  ]);
  const next = moves.get(key);
  return next === undefined ? null : Math.min(many - 1, Math.max(0, next));
}
