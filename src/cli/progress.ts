/** Says how far a long job is: one line that is redrawn on a terminal, plain lines otherwise. */
type Progress = {
  update(done: number, total: number, label?: string, unit?: string): void;
  /** Ends the line; to be called once, also after a failure. */
  end(): void;
};

const barWidth = 30;

/** Progress on `stream`, usually standard error. */
export function startProgress(stream: {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  let shownTenth = -1;
  let open = false;
  return {
    update(done, total, label = "", unit = "rows") {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const counts = `${done.toLocaleString("en-US")} / ${total.toLocaleString("en-US")} ${unit}`;
      if (stream.isTTY === true) {
        const now = performance.now();
        if (now - shownAt < 50 && share < 1) return;
        shownAt = now;
        open = true;
        const full = Math.round(share * barWidth);
        const bar = "█".repeat(full) + "░".repeat(barWidth - full);
        const line = `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${counts}  ${label}`;
        stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
        return;
      }
      const tenth = Math.floor(share * 10);
      if (tenth === shownTenth) return;
      shownTenth = tenth;
      stream.write(`${tenth * 10} %  ${counts}  ${label}`.trimEnd() + "\n");
    },
    end() {
      if (open) stream.write("\n");
      open = false;
    },
  };
}
