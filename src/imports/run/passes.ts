/**
 * Rows that name one of their kind that is not there are tried again behind all others, since a row below may make it. They
 * are chunks of a further pass, which have places of their own.
 */
const placesOfPass = 100_000_000;

/** The most times that a row is tried again. A tree of records with this many levels can stand in a file in any order. */
export const mostPasses = 20;

/** The pass that a chunk belongs to: 0 is that of the file. */
export const passOf = (place: number): number => Math.floor(place / placesOfPass);

/** The places of a pass: from the first, up to where the next one begins. */
export const placesIn = (pass: number): { readonly first: number; readonly end: number } => ({
  first: pass * placesOfPass,
  end: (pass + 1) * placesOfPass,
});
