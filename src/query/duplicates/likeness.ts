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
  const distance = editDistance(left, right, most);
  return distance > most ? 0 : 1 - distance / longest;
}

/** So many words without a pair are compared with so many others; names have fewer. */
const maxWords = 8;

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
  const all = left.split(" ");
  const fewest = Math.min(all.length, rest.length);
  let alike = 0;
  let pairs = 0;
  // What is the same finds its pair at once; only what is left is compared letter by letter.
  const words = all.filter((word) => {
    const place = rest.indexOf(word);
    if (place < 0) return true;
    rest.splice(place, 1);
    alike += 2 * word.length;
    pairs += 1;
    return false;
  });
  if (words.length > maxWords || rest.length > maxWords)
    return alike / (solidLeft.length + solidRight.length);
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
  const solid = all.length === right.split(" ").length ? 0 : wordLikeness(solidLeft, solidRight);
  return solid >= 0.9 && all.length !== right.split(" ").length ? Math.max(paired, solid) : paired;
}

/** Whether both texts have numbers, but not the same. */
export function numbersDiffer(left: string, right: string): boolean {
  const [one, other] = [left.match(/\d+/g), right.match(/\d+/g)];
  return one !== null && other !== null && one.join(" ") !== other.join(" ");
}

/** Damerau's distance in its restricted form: insertions, deletions, substitutions, swaps of neighbours. */
function editDistance(left: string, right: string, most: number): number {
  const width = right.length + 1;
  // Three rows of the table, by turns.
  const table = new Uint16Array(3 * width);
  for (let column = 0; column < width; column += 1) table[column] = column;
  const at = (row: number, column: number): number => table[(row % 3) * width + column] ?? 0;
  for (let row = 1; row <= left.length; row += 1) {
    const letter = left.charCodeAt(row - 1);
    table[(row % 3) * width] = row;
    let least = row;
    for (let column = 1; column < width; column += 1) {
      const isSame = letter === right.charCodeAt(column - 1);
      let cost = at(row - 1, column - 1) + (isSame ? 0 : 1);
      cost = Math.min(cost, at(row - 1, column) + 1, at(row, column - 1) + 1);
      const isSwapped =
        row > 1 &&
        column > 1 &&
        letter === right.charCodeAt(column - 2) &&
        left.charCodeAt(row - 2) === right.charCodeAt(column - 1);
      if (isSwapped) cost = Math.min(cost, at(row - 2, column - 2) + 1);
      table[(row % 3) * width + column] = cost;
      least = Math.min(least, cost);
    }
    // A swap reaches two rows back, so one row above the bound is not yet the end.
    if (least > most + 1) return least;
  }
  return at(left.length, right.length);
}
