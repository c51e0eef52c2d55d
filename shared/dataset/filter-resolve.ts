/** All that selects, made into one concrete filter: documents, `--where` and `--last` each narrow the others. */
import { canonicalFilter, intersect } from "./filter.ts";
import { parseDocument } from "./filter-document.ts";
import { parseLast, parseWhere } from "./filter-where.ts";
import type { Layout } from "./layout.ts";
import type { Filter } from "./types.ts";

export interface Selection {
  readonly where?: readonly string[];
  readonly last?: string;
  /** Parsed JSON of a filter document, and what to call it in errors. */
  readonly document?: { readonly value: unknown; readonly source: string };
}

/** In canonical form. Throws `invalid-filter`. `nowMs` is the wall clock, for `last`. */
export function resolveFilter(layout: Layout, selection: Selection, nowMs: number): Filter {
  const filters: Filter[] = [];
  if (selection.document !== undefined) {
    filters.push(parseDocument(layout, selection.document.value, selection.document.source));
  }
  if (selection.where !== undefined) filters.push(parseWhere(layout, selection.where));
  if (selection.last !== undefined) filters.push(parseLast(layout, selection.last, nowMs));
  return canonicalFilter(intersect(...filters));
}
