import type { Random } from "../../../src/seed/random.ts";

/** One slip of the keyboard in one word of at least four letters: a letter left out, doubled, replaced, or two swapped. */
export function misspell(random: Random, text: string): string {
  const words = text.split(" ");
  const long = words.flatMap((word, index) => (word.length >= 4 ? [index] : []));
  const chosen = long.length === 0 ? 0 : random.pick(long);
  const word = words[chosen] ?? "";
  const at = random.between(0, Math.max(0, word.length - 2));
  const [head, letter, next, tail] = [
    word.slice(0, at),
    word[at],
    word[at + 1],
    word.slice(at + 2),
  ];
  const slips = [
    `${head}${next}${tail}`,
    `${head}${letter}${letter}${next}${tail}`,
    `${head}${random.pick("aeinrst".split(""))}${next}${tail}`,
    `${head}${next}${letter}${tail}`,
  ].filter((slip) => slip !== word);
  words[chosen] = random.pick(slips);
  return words.join(" ");
}

/** Without accents and the like, as a system of old would have kept it; German umlauts sometimes as two letters. */
export function withoutAccents(random: Random, text: string): string {
  const german: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", ß: "ss" };
  const spelled = random.chance(0.5)
    ? text.replace(/[äöüß]/g, (letter) => german[letter] ?? letter)
    : text.replaceAll("ß", "ss");
  return spelled
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(
      /[øłđıØŁ]/g,
      (letter) => ({ ø: "o", ł: "l", đ: "d", ı: "i", Ø: "O", Ł: "L" })[letter] ?? letter,
    );
}

/** In other capitals, with other punctuation and spaces. */
export function restyled(random: Random, text: string): string {
  const styles = [
    text.toUpperCase(),
    text.toLowerCase(),
    text.replaceAll(" ", "  "),
    text.replaceAll(" ", "-"),
    `"${text}".`,
    `${text.replaceAll("'", "’")},`,
  ];
  return random.pick(styles.filter((style) => style !== text));
}

/** The same American number (ten digits) as somebody else would write it. */
export function writtenPhone(random: Random, digits: string): string {
  const [area, exchange, line] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)];
  return random.pick([
    `+1 ${area} ${exchange} ${line}`,
    `(${area}) ${exchange}-${line}`,
    `${area}.${exchange}.${line}`,
    `+1${digits}`,
    `001-${area}-${exchange}-${line}`,
    `${area}-${exchange}-${line} ext. ${random.between(1, 99)}`,
  ]);
}

/** A number of ten digits that nobody else has. */
export function freshPhone(random: Random): string {
  return `${random.between(201, 989)}${random.between(200, 999)}${String(random.between(0, 9999)).padStart(4, "0")}`;
}
