/** What the numbers are of, in full: blocks that are missing with their reasons, records that were rejected, definitions left out. */
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Coverage } from "../client/index.ts";
import { count, counted, time } from "../parts/words.ts";
import type { LeftOut } from "./source.ts";

/** A list that nobody reads to its end; coverage.json has all of it. */
const listedMax = 500;

interface CoverageDialogProps {
  readonly coverage: Coverage;
  readonly leftOut: readonly (LeftOut & { readonly version: string })[];
  readonly onClose: () => void;
}

export function CoverageDialog({ coverage, leftOut, onClose }: CoverageDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { covered, missing, open } = coverage.blocks;
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="coverage-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="coverage-title">What the numbers are of</h2>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <div class="dialog-body" tabIndex={0} role="region" aria-labelledby="coverage-title">
        <dl class="facts">
          <Fact name="Aggregate" value={coverage.aggregate} />
          <Fact name="Data as of" value={`${time(coverage.asOf)} (snapshot ${count(coverage.snapshot)})`} />
          <Fact
            name="Blocks"
            value={`${count(covered)} covered, ${count(missing)} missing, ${count(open)} under way, of ${count(covered + missing + open)}`}
          />
          <Fact name="Records" value={`${count(coverage.accepted)} accepted of ${count(coverage.read)} read`} />
        </dl>
        <h3>Rejected records</h3>
        {coverage.rejected.size === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul class="plain-list">
            {[...coverage.rejected].map(([reason, n]) => (
              <li key={reason}>
                {reason}: {count(n)}
              </li>
            ))}
          </ul>
        )}
        <h3>Missing blocks</h3>
        {coverage.missing.length === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul class="plain-list missing">
            {coverage.missing.slice(0, listedMax).map(({ dataset, key, reason }) => (
              <li key={`${dataset} ${key}`}>
                <b>{reason}</b> <code>{key}</code>
              </li>
            ))}
            {coverage.missing.length > listedMax ? (
              <li>{count(coverage.missing.length - listedMax)} more are in coverage.json</li>
            ) : null}
          </ul>
        )}
        <h3>Definitions left out</h3>
        {leftOut.length === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul class="plain-list">
            {leftOut.slice(0, listedMax).map(({ version, measure, definition, entries }) => (
              <li key={`${version} ${measure} ${definition}`}>
                <bdi>{version}</bdi> <code>{measure}</code>: {counted(entries, "entry", "entries")} of another
                definition
              </li>
            ))}
          </ul>
        )}
      </div>
    </dialog>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
