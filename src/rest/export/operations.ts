import { crmFace } from "../crm/face.ts";
import { operationsOf, type Operation } from "../face.ts";

/** The lists that are exported. */
export const exportedLists = operationsOf(crmFace).filter(({ verb }) => verb === "list");

const exportOf = (list: Operation): Operation<"export"> => ({
  ...list,
  id: `export${list.resource.plural}`,
  verb: "export",
  path: `${list.path}/export`,
  aliases: [],
});

/** `GET …/export` of each list. */
export const listExports: readonly Operation<"export">[] = exportedLists.map(exportOf);

/** All lists from one snapshot. It needs the scopes of all. */
export const wholeExport: Operation<"export"> = wholeOf(listExports);

/** Everything that is exported. */
export const exports: readonly Operation<"export">[] = [wholeExport, ...listExports];

function wholeOf([first, ...others]: readonly Operation<"export">[]): Operation<"export"> {
  if (first === undefined) throw new Error("there is nothing to export");
  const scopes = new Set([first, ...others].flatMap((one) => one.scopes));
  return { ...first, id: "exportEverything", path: "/api/v1/crm/export", scopes: [...scopes] };
}
