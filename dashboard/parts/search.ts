/**
 * Search over names, kinds and descriptions: every word that was typed must occur. What begins with it comes before what contains it,
 * names before kinds, and kinds before descriptions. An index is made once for a list; a key then costs a pass over texts that are lower case already.
 */

export interface Choice {
  /** What is chosen. */
  readonly value: string;
  /** For people. */
  readonly label: string;
  /** Under which heading it stands; "" for none. */
  readonly group: string;
  /** Beside the label, such as a kind. Searched, too; "" for none. */
  readonly note: string;
  /** Searched, too; "" for none. */
  readonly description: string;
}

interface Entry {
  readonly choice: Choice;
  readonly label: string;
  readonly note: string;
  readonly description: string;
}

/** Found in the name: as its beginning 0, as that of a word in it 1, else 2. Elsewhere: */
const ranks = { note: 5, description: 10 } as const;

export class ChoiceIndex {
  readonly #entries: readonly Entry[];

  constructor(choices: readonly Choice[]) {
    this.#entries = choices.map((choice) => ({
      choice,
      label: choice.label.toLowerCase(),
      note: choice.note.toLowerCase(),
      description: choice.description.toLowerCase(),
    }));
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Best first, equally good ones in the order of the list; all of it for an empty query. */
  find(query: string): Choice[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const ranked = this.#entries.flatMap((entry) => {
      const rank = rankOf(entry, words);
      return rank === null ? [] : [{ choice: entry.choice, rank }];
    });
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ choice }) => choice);
  }
}

/** Less is better; null when a word does not occur. */
function rankOf({ label, note, description }: Entry, words: readonly string[]): number | null {
  let rank = 0;
  for (const word of words) {
    const at = label.indexOf(word);
    if (at === 0) continue;
    if (at > 0) rank += /[\s_/.:-]/.test(label[at - 1] ?? "") ? 1 : 2;
    else if (note.startsWith(word)) rank += ranks.note;
    else if (description.includes(word)) rank += ranks.description;
    else return null;
  }
  return rank;
}
