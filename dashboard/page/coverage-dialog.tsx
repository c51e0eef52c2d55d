/** What the numbers are of, in full: blocks that are missing with their reasons, records that were rejected, definitions left out and measurements dropped. */
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Coverage } from "../client/index.ts";
import { count, counted, nounFor, time } from "../parts/words.ts";
import { definitionText, detailText } from "./caption.ts";
import { droppedMeasurements, ofAll, type LeftOut } from "./source.ts";

/** A list that nobody reads to its end; coverage.json has all of it. */
const listedMax = 500;

interface CoverageDialogProps {
  readonly coverage: Coverage;
  /** That are shown. */
  readonly versions: readonly string[];
  /** Null where nobody knows. */
  readonly leftOut: readonly (LeftOut & { readonly version: string })[] | null;
  /** What submissions are called. */
  readonly noun: string;
  readonly onClose: () => void;
}

export function CoverageDialog({ coverage, versions, leftOut, noun, onClose }: CoverageDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { covered, missing, open } = coverage.blocks;
  const dropped = ofAll(versions, (version) =>
    droppedMeasurements(coverage.notes.get(version))?.map(([reason, many]) => [version, reason, many] as const),
  );
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
        <p class="soft">
          Blocks and records are those of the whole aggregate. A block that is missing may have held {noun} of what is
          shown: its key says of which it is.
        </p>
        <h3>Rejected records</h3>
        {coverage.rejected.size === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul class="plain-list">
            {[...coverage.rejected].map(([reason, n]) => (
              <li key={reason}>
                <bdi>{reason}</bdi>: {count(n)}
              </li>
            ))}
          </ul>
        )}
        <h3>Missing blocks</h3>
        {coverage.missing.length === 0 ? (
          <p class="soft">None.</p>
        ) : (
          <ul class="plain-list missing">
            {coverage.missing.slice(0, listedMax).map(({ dataset, key, reason, detail }) => (
              <li key={`${dataset} ${key}`}>
                <b>
                  <bdi>{reason}</bdi>
                </b>{" "}
                <code>
                  <bdi>{key}</bdi>
                </code>{" "}
                of dataset{" "}
                <code>
                  <bdi>{dataset}</bdi>
                </code>
                {detail === "" ? null : (
                  <span class="soft">
                    : <bdi>{detailText(detail, key)}</bdi>
                  </span>
                )}
              </li>
            ))}
            {coverage.missing.length > listedMax ? (
              <li>{count(coverage.missing.length - listedMax)} more are in coverage.json</li>
            ) : null}
          </ul>
        )}
        <h3>Definitions left out</h3>
        {leftOut === null || leftOut.length === 0 ? (
          <Nothing isKnown={leftOut !== null} />
        ) : (
          <ul class="plain-list">
            {leftOut.slice(0, listedMax).map(({ version, measure, definition, entries, pings }) => (
              <li key={`${version} ${measure} ${definition}`}>
                <bdi>{version}</bdi> <code>{measure}</code>:{" "}
                {pings === null ? "" : `${count(pings)} ${nounFor(pings, noun)} in `}
                {counted(entries, "entry", "entries")} {definitionText(definition)}, which cannot be added to those of
                the newest build
              </li>
            ))}
            {leftOut.length > listedMax ? <li>{count(leftOut.length - listedMax)} more are in coverage.json</li> : null}
          </ul>
        )}
        <h3>Measurements dropped</h3>
        {dropped === null || dropped.length === 0 ? (
          <Nothing isKnown={dropped !== null} />
        ) : (
          <ul class="plain-list">
            {dropped.map(([version, reason, many]) => (
              <li key={`${version} ${reason}`}>
                <bdi>{version}</bdi> {reason}: {count(many)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </dialog>
  );
}

function Nothing({ isKnown }: { isKnown: boolean }): JSX.Element {
  return isKnown ? (
    <p class="soft">None.</p>
  ) : (
    <p class="lacking">Unknown: coverage.json does not say it in a way that this page reads.</p>
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
