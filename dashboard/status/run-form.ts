/** What the form for a new run holds, and the request that it makes of it. Pure. */
import type { AnalysisChoice, ChoicesDocument, DatasetChoice, SubmitRequest } from "./action-document.ts";

/** Texts by dimension and by parameter: names come from anybody, so no objects. An empty text says nothing. */
export interface RunForm {
  readonly analysis: string;
  readonly dataset: string;
  readonly where: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
  readonly into: string;
  readonly withInputs: boolean;
  readonly reprocess: boolean;
}

const nothing: ReadonlyMap<string, string> = new Map();

/** Before anything was chosen: the first of each. */
export function formOf({ analyses, datasets }: ChoicesDocument): RunForm {
  const [analysis] = analyses;
  const base = { dataset: datasets[0]?.dataset ?? "", where: nothing, into: "", reprocess: false };
  return withAnalysis({ ...base, analysis: "", params: nothing, withInputs: false }, analysis);
}

/** Its parameters as they were given last, and its side files. */
export function withAnalysis(form: RunForm, choice: AnalysisChoice | undefined): RunForm {
  if (choice === undefined) return form;
  const params = new Map(choice.params.map(({ name, value }) => [name, value]));
  return { ...form, analysis: choice.analysis, params, withInputs: choice.inputs > 0 };
}

/** Of the filter, what the dataset has, too, is kept. */
export function withDataset(form: RunForm, choice: DatasetChoice | undefined): RunForm {
  if (choice === undefined) return form;
  const where = new Map([...form.where].filter(([name]) => choice.dimensions.includes(name)));
  return { ...form, dataset: choice.dataset, where };
}

export function requestOf(form: RunForm, { analyses }: ChoicesDocument): SubmitRequest {
  const choice = analyses.find(({ analysis }) => analysis === form.analysis);
  const hasInputs = form.withInputs && choice !== undefined && choice.inputs > 0;
  return {
    action: "submit",
    analysis: form.analysis,
    dataset: form.dataset,
    where: said(form.where, nothing).map(([dimension, values]) => ({ dimension, values })),
    params: said(form.params, givenOf(choice)).map(([name, value]) => ({ name, value })),
    inputsOf: hasInputs ? choice.run : null,
    into: form.into.trim() === "" ? null : form.into.trim(),
    reprocess: form.reprocess,
  };
}

/** The parameters that its last run had, to the letter: with others it would be of another lineage. */
function givenOf(choice: AnalysisChoice | undefined): ReadonlyMap<string, string> {
  if (choice === undefined || !isStored(choice)) return nothing;
  return new Map(choice.params.map(({ name, value }) => [name, value]));
}

/** What was typed, and what was `given` and left as it is. */
function said(texts: ReadonlyMap<string, string>, given: ReadonlyMap<string, string>): [string, string][] {
  return [...texts]
    .map(([name, text]): [string, string] => [name, given.get(name) === text ? text : text.trim()])
    .filter(([name, text]) => text !== "" || given.get(name) === "");
}

/** As opposed to one that ships. */
export function isStored({ analysis }: AnalysisChoice): boolean {
  return analysis.startsWith("bundle:");
}
