/** One of a few, all of them seen: radio buttons that look like one control. */
import { useId } from "preact/hooks";
import type { JSX } from "preact";

interface SegmentsProps<Name extends string> {
  readonly label: string;
  readonly names: readonly Name[];
  readonly titles: Readonly<Record<Name, string>>;
  readonly value: Name;
  readonly onChange: (name: Name) => void;
  readonly isSmall?: boolean;
}

export function Segments<Name extends string>(props: SegmentsProps<Name>): JSX.Element {
  const { label, names, titles, value, onChange, isSmall = false } = props;
  const group = useId();
  return (
    <div class={`segments ${isSmall ? "small" : ""}`} role="radiogroup" aria-label={label}>
      {names.map((name) => (
        <label key={name}>
          <input type="radio" name={group} checked={name === value} onChange={() => onChange(name)} />
          {titles[name]}
        </label>
      ))}
    </div>
  );
}
