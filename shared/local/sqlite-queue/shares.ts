/** How many messages each of several groups gives to one lease. */

export interface Waiting {
  /** Messages that can be had. */
  readonly visible: number;
  readonly leased: number;
}

/**
 * `max` messages, or all there are, one after the other from the group with the fewest leased ones, of several from the one
 * that waits for longest. `groups`: in that order. Answers one number for each.
 */
export function shares(groups: readonly Waiting[], max: number): number[] {
  const taken = groups.map(() => 0);
  const heldBy = (index: number): number => (groups[index]?.leased ?? 0) + (taken[index] ?? 0);
  const order = [...groups.keys()];
  for (let left = max; left > 0;) {
    const [first, second] = order;
    const group = groups[first ?? -1];
    if (first === undefined || group === undefined) break;
    const before = taken[first] ?? 0;
    // So many until the second is due: one, when both have as many.
    const lead = second === undefined ? left : Math.max(1, heldBy(second) - heldBy(first));
    const more = Math.min(left, group.visible - before, lead);
    taken[first] = before + more;
    left -= more;
    order.shift();
    if (before + more === group.visible) continue;
    const next = order.findIndex((other) => heldBy(other) > heldBy(first));
    order.splice(next < 0 ? order.length : next, 0, first);
  }
  return taken;
}
