/**
 * `/choices.json` and `POST /actions/…`, format 1: what a run can be made of, what the page asks to be done, and what is answered.
 * docs/formats/status.md says what each member means. Texts come from anybody: they are text and nothing else.
 */
import type { StatusError } from "./document.ts";

/** `/choices.json`, with actions: what a run can be made of. */
export interface ChoicesDocument {
  readonly format: 1;
  /** Those that ship, then those in the store by their last use. */
  readonly analyses: readonly AnalysisChoice[];
  /** Configured ones, then those of runs. */
  readonly datasets: readonly DatasetChoice[];
  readonly aggregates: readonly string[];
}

export interface AnalysisChoice {
  /** A name that ships, or `bundle:<SHA-256>`. */
  readonly analysis: string;
  readonly name: string;
  /** The last run that was submitted with it, or with what ships under this name; null: none is known. */
  readonly run: string | null;
  /** Of a stored one: aggregates that it was run into. */
  readonly aggregates: readonly string[];
  /** As `--param` takes them: what it declares, or a stored one was given last. */
  readonly params: readonly ParamValue[];
  /** Side files that its last run had; 0: none. */
  readonly inputs: number;
}

export interface ParamValue {
  readonly name: string;
  readonly value: string;
}

export interface DatasetChoice {
  readonly dataset: string;
  readonly place: string;
  readonly dimensions: readonly string[];
  /** The dimension whose values are days, YYYYMMDD. */
  readonly date: string | null;
}

/** What the page asks to be done. */
export type ActionRequest = CancelRequest | RetryRequest | SubmitRequest;

export interface CancelRequest {
  readonly action: "cancel";
  readonly run: string;
}

export interface RetryRequest {
  readonly action: "retry";
  readonly aggregate: string;
  readonly dataset: string;
  /** None: all. */
  readonly reasons: readonly string[];
}

export interface SubmitRequest {
  readonly action: "submit";
  readonly analysis: string;
  readonly dataset: string;
  /** Values of dimensions, as `--where` takes them. */
  readonly where: readonly { readonly dimension: string; readonly values: string }[];
  readonly params: readonly ParamValue[];
  /** The run whose side files are taken; null: none. */
  readonly inputsOf: string | null;
  /** Null: an aggregate for exactly this. */
  readonly into: string | null;
  readonly reprocess: boolean;
}

/** The answer to `POST /actions/plan`: the command that will be executed, and what it would do. */
export interface ActionPlan {
  readonly format: 1;
  readonly command: string;
  /** Null for what has no plan: cancelling. */
  readonly plan: RunPlan | null;
  /** Why it would be refused, as the command says it; null: it would not. */
  readonly refusal: StatusError["error"] | null;
}

/** What `--plan` of `submit` and `retry` says: what the run would admit if a master planned it now. */
export interface RunPlan {
  readonly aggregate: string;
  /** Its name. */
  readonly analysis: string;
  /** SHA-256. */
  readonly bundle: string;
  readonly params: unknown;
  readonly dataset: string;
  readonly place: string;
  /** The filter, as `--where` takes it. */
  readonly where: readonly string[];
  /** Of a run that retries: the reasons. */
  readonly retry: readonly string[] | null;
  readonly blocks: number;
  /** Compressed. */
  readonly bytes: number;
  readonly jobs: number;
  /** Values of the filter's lists that no selected block has, a text for each, at most 10: `no selected block has channel=nightlyy; …`. */
  readonly unmatched: readonly string[];
  /** Runs that wait in the inbox for the same aggregate and dataset, a text for each: one that is admitted first takes what both select. */
  readonly waiting: readonly string[];
  /** `text`: for people, such as `2 blocks held by an open run`. */
  readonly leftOut: readonly { readonly why: LeftOut; readonly blocks: number; readonly text: string }[];
}

/** Why a selected block is not admitted: as it stands in the ledger; `gone`: it is missing, and no longer in the dataset. */
export type LeftOut = "covered" | "stale" | "missing" | "claimed" | "gone";

/** The answer to `POST /actions/run`. */
export interface ActionResult {
  readonly format: 1;
  readonly command: string;
  /** The command's exit code; null when it was stopped. */
  readonly code: number | null;
  /** What it printed, both streams. */
  readonly output: string;
}
