import { currentWork, type Work } from "../db/work.ts";

/** The clock is looked at once in so many texts. */
const textsPerLook = 100;

/** The reading, made once in a request for each text: one list of texts may be given to many fields. */
export function readOnce<Read>(read: (text: string) => Read): (text: string) => Read {
  const known = new WeakMap<Work, Map<string, { readonly read: Read }>>();
  return (text) => {
    const work = currentWork();
    if (work === undefined) return read(text);
    const texts = known.get(work) ?? new Map<string, { readonly read: Read }>();
    known.set(work, texts);
    const before = texts.get(text);
    if (before !== undefined) return before.read;
    if (texts.size % textsPerLook === 0) work.goOn();
    const made = { read: read(text) };
    texts.set(text, made);
    return made.read;
  };
}
