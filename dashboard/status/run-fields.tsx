/** The fields of a new run: analysis, its parameters, dataset, a filter by its dimensions, the aggregate. */
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";
import { counted } from "../parts/words.ts";
import type { AnalysisChoice, ChoicesDocument, DatasetChoice } from "./action-document.ts";
import { bundleDigits } from "./plan-words.ts";
import { isStored, withAnalysis, withDataset, type RunForm } from "./run-form.ts";
import { visibleName } from "./visible-names.ts";

interface Input {
  readonly choices: ChoicesDocument;
  readonly form: RunForm;
  readonly onChange: (form: RunForm) => void;
}

export function RunFields({ choices, form, onChange }: Input): VNode {
  const { analyses, datasets } = choices;
  const analysis = analyses.find((choice) => choice.analysis === form.analysis);
  const dataset = datasets.find((choice) => choice.dataset === form.dataset);
  const stored = analyses.filter(isStored);
  return (
    <>
      <div class="fields">
        <Field label="Analysis">
          <select
            value={form.analysis}
            onChange={({ currentTarget: { value } }) =>
              onChange(
                withAnalysis(
                  form,
                  analyses.find((choice) => choice.analysis === value),
                ),
              )
            }
          >
            <optgroup label="Shipped">{analyses.filter((choice) => !isStored(choice)).map(optionOf)}</optgroup>
            {stored.length > 0 && <optgroup label="In the store, last used first">{stored.map(optionOf)}</optgroup>}
          </select>
        </Field>
        <Field label="Dataset">
          <select
            value={form.dataset}
            onChange={({ currentTarget: { value } }) =>
              onChange(
                withDataset(
                  form,
                  datasets.find((choice) => choice.dataset === value),
                ),
              )
            }
          >
            {datasets.map((choice) => (
              <option value={choice.dataset} key={choice.dataset}>
                {visibleName(`${choice.dataset} (${choice.place})`)}
              </option>
            ))}
          </select>
        </Field>
        <Into choices={choices} form={form} onChange={onChange} />
      </div>
      {form.params.size > 0 && (
        <Texts
          legend="Parameters"
          hint="As --param takes them: text, or JSON. An empty one is not given."
          names={[...form.params.keys()]}
          texts={form.params}
          onChange={(params) => onChange({ ...form, params })}
        />
      )}
      {dataset !== undefined && <Filter dataset={dataset} form={form} onChange={onChange} />}
      <div class="checks">
        {analysis !== undefined && analysis.inputs > 0 && (
          <Check
            label={`With the ${counted(analysis.inputs, "side file")} of ${analysis.run ?? ""}`}
            isChecked={form.withInputs}
            onChange={(withInputs) => onChange({ ...form, withInputs })}
          />
        )}
        <Check
          label="Try blocks again that are missing by their content"
          isChecked={form.reprocess}
          onChange={(reprocess) => onChange({ ...form, reprocess })}
        />
      </div>
    </>
  );
}

function optionOf(choice: AnalysisChoice): VNode {
  const { analysis, name, aggregates } = choice;
  const digits = analysis.slice(analysis.indexOf(":") + 1, analysis.indexOf(":") + 1 + bundleDigits);
  return (
    <option value={analysis} key={analysis}>
      {visibleName(isStored(choice) ? `${name}, ${digits}, into ${aggregates.join(", ")}` : name)}
    </option>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }): VNode {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

function Into({ choices, form, onChange }: Input): VNode {
  const id = useId();
  return (
    <label class="field">
      <span>Aggregate</span>
      <input
        list={`${id}-aggregates`}
        value={form.into}
        placeholder="one for exactly this"
        pattern="[a-z0-9][a-z0-9\-]{0,62}"
        title="1 to 63 of a-z, 0-9 and -, beginning with a letter or digit"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange({ ...form, into: event.currentTarget.value })}
      />
      <datalist id={`${id}-aggregates`}>
        {choices.aggregates.map((name) => (
          <option value={name} key={name} />
        ))}
      </datalist>
    </label>
  );
}

function Filter({ dataset, form, onChange }: Omit<Input, "choices"> & { readonly dataset: DatasetChoice }): VNode {
  const dates = dataset.date === null ? "" : ` Days of ${dataset.date} are written 20260131.`;
  return (
    <Texts
      legend="Filter"
      hint={`An empty one allows all. Values with commas between them (a,b), or from one to another (a..b).${dates}`}
      names={dataset.dimensions}
      texts={form.where}
      onChange={(where) => onChange({ ...form, where })}
    />
  );
}

interface TextsInput {
  readonly legend: string;
  readonly hint: string;
  readonly names: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly onChange: (texts: ReadonlyMap<string, string>) => void;
}

function Texts({ legend, hint, names, texts, onChange }: TextsInput): VNode {
  const id = useId();
  return (
    <fieldset aria-describedby={`${id}-hint`}>
      <legend>{legend}</legend>
      <p class="sub" id={`${id}-hint`}>
        {hint}
      </p>
      <div class="fields">
        {names.map((name) => (
          <Field label={visibleName(name)} key={name}>
            <input
              value={texts.get(name) ?? ""}
              dir="auto"
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => onChange(new Map(texts).set(name, event.currentTarget.value))}
            />
          </Field>
        ))}
      </div>
    </fieldset>
  );
}

interface CheckInput {
  readonly label: string;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

function Check({ label, isChecked, onChange }: CheckInput): VNode {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
