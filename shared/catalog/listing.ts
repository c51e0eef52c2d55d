/**
 * Which part of a place a sync lists: all of it, or what the last few days may have brought. Pure.
 *
 * A folder costs nothing to list and is always listed in full. A bucket is listed in full for a filter once a day; in between
 * only dates from the last days are looked at, since that is where new blocks come. What an earlier full listing did not
 * cover, because its filter was narrower, makes the listing full, too; so does a layout that spells the date in file names
 * only, since nothing could be left out.
 */
import { addDays, dateOf } from "../dataset/calendar.ts";
import { canonicalFilter, intersect, isWithin } from "../dataset/filter.ts";
import { toUnit } from "../dataset/filter-values.ts";
import type { Layout } from "../dataset/layout.ts";
import type { Filter } from "../dataset/types.ts";
import type { FullListing, ListingMode } from "./passes.ts";

/** How long a full listing is good for, ms: 1,000,000 keys are 1,000 requests, 0.005 USD a day. */
export const fullListingMsMax = 86_400_000;
/** Blocks of a day come until a day or two later: clocks, retries, slow writers. */
export const recentDaysDefault = 3;

export interface ListingRequest {
  readonly layout: Layout;
  readonly filter: Filter;
  /** Listing it all costs next to nothing. */
  readonly alwaysFull: boolean;
  /** A full listing is asked for. */
  readonly full: boolean;
  /** Days, today included. */
  readonly recentDays: number;
  readonly fullListings: readonly FullListing[];
  readonly nowMs: number;
}

export interface Listing {
  readonly mode: ListingMode;
  /** What is listed; canonical. */
  readonly filter: Filter;
  /** With `recent`: the first date that is looked at. */
  readonly since?: string;
  /** With `recent`: when the full listing began that covers the rest. */
  readonly fullMs?: number;
}

export function decideListing(request: ListingRequest): Listing {
  const { layout, filter, nowMs } = request;
  const all: Listing = { mode: "full", filter: canonicalFilter(filter) };
  if (request.alwaysFull || request.full || layout.dateDimension === undefined || !layout.dateInFolders) return all;
  const first = addDays(dateOf(nowMs), 1 - request.recentDays);
  const since = toUnit(layout, first);
  const older = intersect(filter, { [layout.dateDimension]: { max: addDays(since, -1) } });
  const full = request.fullListings.find(
    (listing) =>
      nowMs - listing.startedMs < fullListingMsMax &&
      listing.startedMs <= nowMs &&
      isWithin(older, JSON.parse(listing.filter) as Filter),
  );
  if (full === undefined) return all;
  const narrowed = canonicalFilter(intersect(filter, { [layout.dateDimension]: { min: since } }));
  return { mode: "recent", filter: narrowed, since, fullMs: full.startedMs };
}
