/**
 * A text field that searches a list: type, move with the arrow keys, choose with Enter or a click, leave with Escape. Follows the
 * combobox pattern of ARIA 1.2: the focus stays in the field, and the list says which of its options is active.
 *
 * The list shows at most `shownMax` options, so that a key costs the same among thousands.
 */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { ChoiceIndex, type Choice } from "./search.ts";
import { count } from "./words.ts";

/** More than anybody reads; typing narrows. */
const shownMax = 60;

interface ChoiceBoxProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly value: string;
  readonly onChoose: (value: string) => void;
  /** Said where nothing is found. */
  readonly nothing: string;
}

export function ChoiceBox({ label, choices, value, onChoose, nothing }: ChoiceBoxProps): JSX.Element {
  const id = useId();
  const index = useMemo(() => new ChoiceIndex(choices), [choices]);
  const [isOpen, setOpen] = useState(false);
  /** Null: nothing yet, so the field still says what is chosen. */
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const found = useMemo(() => (isOpen ? index.find(typed ?? "") : []), [index, isOpen, typed]);
  const shown = useMemo(() => shownOf(found, typed === null ? value : null), [found, typed, value]);
  const chosen = choices.find((choice) => choice.value === value);

  const open = (): void => {
    if (isOpen) return;
    setOpen(true);
    setActive(
      Math.max(
        0,
        shownOf(index.find(""), value).findIndex((choice) => choice.value === value),
      ),
    );
  };
  const close = (): void => {
    setOpen(false);
    setTyped(null);
  };
  const choose = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    close();
    if (choice.value !== value) onChoose(choice.value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      if (!isOpen) open();
      else setActive(Math.min(shown.length - 1, Math.max(0, active + move)));
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      choose(shown[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      close();
    }
  };

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active, isOpen]);

  return (
    <div class="field choice-box">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="box"
        role="combobox"
        type="text"
        autocomplete="off"
        spellcheck={false}
        dir="auto"
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        {...(isOpen && shown.length > 0 ? { "aria-activedescendant": `${id}-${active}` } : {})}
        value={typed ?? chosen?.label ?? value}
        onClick={open}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => {
          setOpen(true);
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <ul id={`${id}-list`} ref={list} class="choices" role="listbox" aria-label={label} hidden={!isOpen}>
        {options(shown, active, id, choose)}
        {isOpen && shown.length === 0 ? (
          <li class="choice-end" role="option" aria-disabled="true" aria-selected="false">
            {nothing}
          </li>
        ) : null}
        {found.length > shown.length ? (
          <li class="choice-end" role="option" aria-disabled="true" aria-selected="false">
            {count(found.length - shown.length)} more: type to narrow
          </li>
        ) : null}
      </ul>
      <span class="hidden" role="status">
        {typed === null ? "" : `${count(found.length)} found`}
      </span>
    </div>
  );
}

/** The first ones, moved so that the chosen one is among them. */
function shownOf(found: readonly Choice[], chosen: string | null): readonly Choice[] {
  const at = chosen === null ? 0 : found.findIndex((choice) => choice.value === chosen);
  const from = at < shownMax ? 0 : Math.min(at - shownMax / 2, found.length - shownMax);
  return found.slice(from, from + shownMax);
}

function options(
  shown: readonly Choice[],
  active: number,
  id: string,
  choose: (choice: Choice) => void,
): JSX.Element[] {
  return shown.flatMap((choice, i) => {
    const isFirst = choice.group !== "" && choice.group !== shown[i - 1]?.group;
    const option = (
      <li
        key={choice.value}
        id={`${id}-${i}`}
        class="choice"
        role="option"
        aria-selected={i === active}
        // The field keeps the focus: a blur would close the list before the click comes.
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => choose(choice)}
      >
        <span class="choice-label" dir="auto">
          {choice.label}
        </span>
        {choice.note === "" ? null : <span class="choice-note">{choice.note}</span>}
        {choice.description === "" ? null : (
          <span class="choice-description" dir="auto">
            {choice.description}
          </span>
        )}
      </li>
    );
    if (!isFirst) return [option];
    const heading = (
      <li key={`group ${choice.group} ${i}`} class="choice-group" role="presentation">
        {choice.group}
      </li>
    );
    return [heading, option];
  });
}
