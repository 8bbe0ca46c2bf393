import { useEffect, useRef } from "react";
import { day, money, words } from "./format.ts";

/** One version of a deal. */
type Version = {
  version: number;
  name?: string | null;
  stage: string;
  value?: string | null;
  currency: string;
  expectedCloseDate?: string | null;
  updatedBy?: string | null;
};

const rows: { label: string; show: (deal: Version) => string }[] = [
  { label: "Name", show: ({ name }) => name ?? "–" },
  { label: "Stage", show: ({ stage }) => words(stage) },
  { label: "Value", show: ({ value, currency }) => money(value, currency) },
  { label: "Closes", show: ({ expectedCloseDate }) => day(expectedCloseDate) },
];

type Props = {
  conflict: { yours: Version; current: Version };
  onKeep: () => void;
  onOverwrite: () => void;
};

/** Shows both versions of a deal, and lets the person choose. */
export function ConflictDialog({ conflict: { yours, current }, onKeep, onOverwrite }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label="Conflict" onClose={onKeep}>
      <h2>Somebody else changed this deal</h2>
      <p className="soft">
        You had version {yours.version}. Version {current.version} is from{" "}
        {current.updatedBy ?? "the gateway"}.
      </p>
      <table>
        <thead>
          <tr>
            <th />
            <th>Yours</th>
            <th>Now</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, show }) => (
            <tr key={label} className={show(yours) === show(current) ? undefined : "differs"}>
              <th>{label}</th>
              <td>{show(yours)}</td>
              <td>{show(current)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row">
        <button onClick={onKeep}>Keep what is there</button>
        <button className="primary" onClick={onOverwrite}>
          Move to {words(yours.stage)} all the same
        </button>
      </div>
    </dialog>
  );
}
