/** The selection of all errors. */
export const wrong = `userErrors { __typename message code path
  ... on DuplicateError { existingId existing { __typename id } }
  ... on ConflictError { current { id ... on Deal { version stage } ... on Contact { version lastName } } } }`;
/** Fields of records, with lists and edges. */
export const contactFields = `id firstName lastName fullName: displayName email version updatedAt isDeleted
  customFields account { id name contacts(first: 2, orderBy: [{ lastName: asc }]) { totalCount nodes { lastName } } }`;
export const dealFields = `id name stage value probability expectedCloseDate version createdAt __typename
  account { id name } contacts(first: 5) { nodes { id lastName } } stageHistory(first: 3) { nodes { toStage } }`;

/** The text of a mutation of one field. */
export function mutation(
  field: string,
  args: Readonly<Record<string, string>>,
  payload: string,
): string {
  const [declared, passed] = [
    Object.entries(args).map(([name, type]) => `$${name}: ${type}`),
    Object.keys(args).map((name) => `${name}: $${name}`),
  ];
  return `mutation (${declared.join()}) { ${field}(${passed.join()}) { ${payload} } }`;
}

/** The payload of a batch. */
export const batchOf = (record: string, more = "") =>
  `written results { place: index __typename ${more} ${record} again: ${record.replace(/\{.*/s, "{ id version }")} ${wrong} }`;

/** The texts of an entity's mutations. */
export function textsOf(type: string, plural: string, fields: string) {
  const record = `${type.toLowerCase()} { ${fields} }`;
  const one = `${record} ${wrong}`;
  const edge = `${type.toLowerCase()}Edge { cursor __typename node { ${fields} } }`;
  const onError = { onError: "OnError" };
  return {
    create: mutation(`create${type}`, { input: `Create${type}Input!` }, `${one} ${edge}`),
    createMany: mutation(
      `create${plural}`,
      { inputs: `[Create${type}Input!]!`, ...onError },
      batchOf(record, edge),
    ),
    update: mutation(`update${type}`, { id: "ID!", input: `Update${type}Input!` }, one),
    updateMany: mutation(
      `update${plural}`,
      { inputs: `[Update${type}Input!]!`, ...onError },
      batchOf(record),
    ),
    remove: mutation(`delete${type}`, { id: "ID!", version: "Int" }, `deletedId ${one}`),
    removeMany: mutation(
      `delete${plural}`,
      { inputs: "[RecordVersionInput!]!", ...onError },
      batchOf(record, "deletedId"),
    ),
    restore: mutation(`restore${type}`, { id: "ID!", version: "Int" }, one),
    restoreMany: mutation(
      `restore${plural}`,
      { inputs: "[RecordVersionInput!]!", ...onError },
      batchOf(record),
    ),
    upsert: mutation(
      `upsert${type}`,
      { input: `Upsert${type}Input!`, restore: "Boolean" },
      `created ${one} ${edge}`,
    ),
  };
}
