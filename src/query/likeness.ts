/** Below this, two words are no misspellings of each other. */
const misspelt = 0.7;

/**
 * How much two words are the same, 0 to 1: what is left after the fewest edits (a swap of neighbours is one); 0 when
 * that is too little for a misspelling.
 */
export function wordLikeness(left: string, right: string): number {
  if (left === right) return left === "" ? 0 : 1;
  const longest = Math.max(left.length, right.length);
  // Numbers and very short words are other ones as soon as they differ.
  if (longest < 4 || /\d/.test(left + right)) return 0;
  const most = Math.floor((1 - misspelt) * longest + 1e-9);
  if (Math.abs(left.length - right.length) > most) return 0;
  const distance = editDistance(left, right);
  return distance > most ? 0 : 1 - distance / longest;
}

/** At least as much a name and the beginning or end of it are the same. */
export const contained = 0.7;

/**
 * How much two names of several words are the same, 0 to 1: each word is paired with the one most like it, and what
 * finds no pair counts against. Trigrams alone would take "North Harbor Legal" for "North Harbor Logistics".
 */
export function phraseLikeness(left: string, right: string): number {
  if (left === right) return left === "" ? 0 : 1;
  const [solidLeft, solidRight] = [left.replaceAll(" ", ""), right.replaceAll(" ", "")];
  if (solidLeft === solidRight) return 1;
  if (numbersDiffer(left, right)) return 0;
  const rest = right.split(" ");
  const words = left.split(" ");
  const fewest = Math.min(words.length, rest.length);
  let alike = 0;
  let pairs = 0;
  for (const word of words) {
    const scores = rest.map((other) => wordLikeness(word, other));
    const best = Math.max(0, ...scores);
    if (best === 0) continue;
    const [other = ""] = rest.splice(scores.indexOf(best), 1);
    alike += best * (word.length + other.length);
    pairs += 1;
  }
  const share = alike / (solidLeft.length + solidRight.length);
  // "Blue Ridge" is what "Blue Ridge Logistics" may be called.
  const paired = pairs === fewest ? Math.max(share, contained) : share;
  // Words that were split or joined find no pair, but the letters still stand in order.
  const solid = wordLikeness(solidLeft, solidRight);
  return solid >= 0.9 && words.length !== right.split(" ").length
    ? Math.max(paired, solid)
    : paired;
}

/** Whether both texts have numbers, but not the same. */
export function numbersDiffer(left: string, right: string): boolean {
  const [one, other] = [left.match(/\d+/g), right.match(/\d+/g)];
  return one !== null && other !== null && one.join(" ") !== other.join(" ");
}

/** Damerau's distance in its restricted form: insertions, deletions, substitutions, swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[right.length] ?? 0;
}
