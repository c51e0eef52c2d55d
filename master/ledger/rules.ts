/** The pure rules that masters go by, as one object: the simulator plants bugs by replacing one of them. */
import { resolutionFlaw } from "../../shared/formats/resolution.ts";
import { standing } from "../plan/select.ts";
import { admissible, admit, closeUnadmitted } from "./admission.ts";
import { close, collect, enter, isEnterable, replaceCoverage, replaceSlices } from "./operations.ts";

export interface LedgerRules {
  readonly admissible: typeof admissible;
  readonly admit: typeof admit;
  readonly closeUnadmitted: typeof closeUnadmitted;
  readonly isEnterable: typeof isEnterable;
  readonly enter: typeof enter;
  readonly close: typeof close;
  readonly replaceSlices: typeof replaceSlices;
  readonly replaceCoverage: typeof replaceCoverage;
  readonly collect: typeof collect;
  readonly standing: typeof standing;
  readonly resolutionFlaw: typeof resolutionFlaw;
}

export const ledgerRules: LedgerRules = {
  admissible,
  admit,
  closeUnadmitted,
  isEnterable,
  enter,
  close,
  replaceSlices,
  replaceCoverage,
  collect,
  standing,
  resolutionFlaw,
};
