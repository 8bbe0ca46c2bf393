import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** A likely duplicate as a client sees it. */
export type Listed = {
  readonly id: string;
  readonly score: number;
  /** Code → similarity. */
  readonly reasons: Readonly<Record<string, number>>;
};

type Arguments = { readonly first?: number; readonly minScore?: number };

/** Asks for the duplicates of a record by its public id. */
export async function duplicatesOf(
  gateway: TestGateway,
  key: string,
  entity: "account" | "contact",
  id: string,
  args: Arguments = {},
): Promise<Listed[]> {
  const data = await gateway.data(
    key,
    `query ($id: ID!, $first: Int, $minScore: Float) {
      ${entity}(id: $id) {
        duplicates(first: $first, minScore: $minScore) {
          ${entity} { id } score reasons { code similarity }
        }
      }
    }`,
    { id, ...args },
  );
  return listAt(data, entity, "duplicates").map((item) => ({
    id: String(at(item, entity, "id")),
    score: Number(at(item, "score")),
    reasons: Object.fromEntries(
      listAt(item, "reasons").map((reason) => [
        String(at(reason, "code")),
        Number(at(reason, "similarity")),
      ]),
    ),
  }));
}
