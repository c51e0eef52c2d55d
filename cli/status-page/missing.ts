/** What all aggregates miss: counted by reason, and by aggregate and dataset; the first blocks listed. */
import type * as wire from "../../dashboard/status/document.ts";
import { withoutKey } from "../run/selection.ts";
import type { KnownCoverage } from "./coverage.ts";

/** Missing blocks that are listed; all are counted. */
export const missingShownMax = 200;

interface Group {
  readonly aggregate: string;
  readonly dataset: string;
  count: number;
  readonly reasons: Map<string, number>;
}

export class MissingList {
  #count = 0;
  readonly #reasons = new Map<string, { reason: string; class: string; count: number }>();
  readonly #groups = new Map<string, Group>();
  readonly #blocks: wire.MissingBlock[] = [];

  /** `atLeast`: what is known of it where its coverage is not. */
  add(aggregate: string, coverage: KnownCoverage | null, atLeast: number): void {
    this.#count += coverage?.missing.length ?? atLeast;
    for (const block of coverage?.missing ?? []) {
      const { reason, dataset } = block;
      const known = this.#reasons.get(reason) ?? { reason, class: block.class, count: 0 };
      known.count++;
      this.#reasons.set(reason, known);
      const name = `${aggregate}/${dataset}`;
      const group = this.#groups.get(name) ?? { aggregate, dataset, count: 0, reasons: new Map<string, number>() };
      group.count++;
      group.reasons.set(reason, (group.reasons.get(reason) ?? 0) + 1);
      this.#groups.set(name, group);
      if (this.#blocks.length >= missingShownMax) continue;
      this.#blocks.push({ aggregate, ...block, detail: withoutKey(block.detail, block.key) });
    }
  }

  report(): wire.MissingReport {
    const most = (a: { readonly count: number }, b: { readonly count: number }): number => b.count - a.count;
    const groups = [...this.#groups.values()].map(({ aggregate, dataset, count, reasons }) => {
      const counted = [...reasons].map(([reason, some]) => ({ reason, count: some })).toSorted(most);
      return { aggregate, dataset, count, reasons: counted };
    });
    const reasons = [...this.#reasons.values()].toSorted(most);
    return { count: this.#count, reasons, groups, blocks: this.#blocks };
  }
}
