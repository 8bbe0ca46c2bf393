import { useEffect, useRef } from "react";
import { lossCategories, lost, words } from "./format.ts";

/** Why a deal was lost. A move to that stage needs it. */
export type Loss = { lossCategory: string; lossReason: string };

type Props = {
  deal: { name?: string | null; dealNumber: string };
  onCancel: () => void;
  onMove: (loss: Loss) => void;
};

/** Asks why a deal was lost, before it is moved. */
export function LossDialog({ deal, onCancel, onMove }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);

  function move(form: HTMLFormElement): void {
    const values = new FormData(form);
    onMove({
      lossCategory: String(values.get("category")),
      lossReason: String(values.get("reason")),
    });
  }

  return (
    <dialog ref={dialog} aria-label="Lost deal" onClose={onCancel}>
      <h2>Why was this deal lost?</h2>
      <p className="soft">{deal.name ?? deal.dealNumber}</p>
      <form
        className="questions"
        onSubmit={(event) => {
          event.preventDefault();
          move(event.currentTarget);
        }}
      >
        <label>
          Category
          <input name="category" list="loss-categories" required autoComplete="off" />
        </label>
        <datalist id="loss-categories">
          {lossCategories.map((category) => (
            <option key={category} value={category} />
          ))}
        </datalist>
        <label>
          Reason
          <textarea name="reason" rows={3} required />
        </label>
        <div className="row">
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
          <button className="primary">Move to {words(lost)}</button>
        </div>
      </form>
    </dialog>
  );
}
