/** What a saved drawing is given to stand alone with: what it shows, what its colours and dashes mean, what its numbers are of. */

/** A mark of the drawing, in the style sheet's names, and what it means. */
export interface Mark {
  readonly shape: "line" | "box";
  /** Of the group around it, and of the mark itself where these differ. */
  readonly look: string;
  readonly markLook: string;
  readonly name: string;
  /** Stands behind the name, whatever of a long name is cut; "" for nothing. */
  readonly note: string;
}

export interface Picture {
  readonly title: string;
  /** Filters, dates, what is hidden. */
  readonly about: string;
  readonly marks: readonly Mark[];
  readonly basis: string;
}
