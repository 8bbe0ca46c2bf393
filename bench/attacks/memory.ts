// Points 1 to 3: what could take the gateway's memory.
import type { Attack, Place } from "./attack.ts";
import { attackWith, crm, DeafSocket, graphql, pause, rawRequest, type Sent } from "./client.ts";

/** Lists within each other over one account and its 1,000 deals. */
function nested(levels: number, page: string, leaf: string): string {
  const inner = levels === 1 ? leaf : `account { ${nested(levels - 1, page, leaf)} }`;
  return `deals${page} { nodes { ${inner} } }`;
}

const repeated = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `f${index}: ${field}`).join(" ");

const proto: Attack = {
  point: 1,
  name: "variables that plan and executor read differently",
  tenant: "wide",
  run: (place) => {
    const documents = [
      ["__proto__ with a default", "($__proto__: Int = 1)", "(first: $__proto__)", {}],
      ["constructor, not given", "($constructor: Int)", "(first: $constructor)", {}],
      ["null", "($n: Int = 1)", "(first: $n)", { n: null }],
      ["valueOf as an alias's page", "($valueOf: Int = 1)", "(last: $valueOf)", {}],
    ] as const;
    return attackWith(place, 3, (turn) => {
      const [label, variables, page, given] = documents[turn % documents.length] ?? documents[0];
      const query = `query${variables} { ${nested(5, page, "id name stage value")} }`;
      return { label, ...graphql(place.keys[0] ?? "", query, given) };
    });
  },
};

/** So many ask at once; more would be refused as too many. */
const askers = 6;
const answerPatience = 12_000;
const lookMilliseconds = 5_000;

/** Keeps so many sockets open that have asked for 16 MB and read nothing; what is closed or refused is asked for anew. */
async function askDeaf(place: Place, sockets: number, ask: (key: string) => Sent): Promise<void> {
  const { port, keys, signal, tally } = place;
  const open = new Set<DeafSocket>();
  let asked = 0;
  let asking = 0;
  let most = 0;
  const openMore = async (): Promise<void> => {
    while (!signal.aborted) {
      if (open.size + asking >= sockets) {
        await pause(100, signal);
        continue;
      }
      asking += 1;
      const key = keys[(asked += 1) % keys.length] ?? "";
      const socket = new DeafSocket(port, rawRequest(ask(key)));
      const asks = performance.now();
      while (socket.status === 0 && !signal.aborted && performance.now() < asks + answerPatience) {
        await pause(20, signal);
      }
      tally.add(String(socket.status === 0 ? "no answer" : socket.status));
      asking -= 1;
      if (socket.status === 200) open.add(socket);
      else {
        socket.destroy();
        await pause(200, signal);
      }
      most = Math.max(most, open.size);
    }
  };
  const lookAfter = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(lookMilliseconds, signal);
      for (const socket of open) {
        if (!socket.isClosed()) continue;
        tally.add("closed by the gateway");
        open.delete(socket);
      }
    }
  };
  await Promise.all([lookAfter(), ...Array.from({ length: askers }, openMore)]);
  tally.add(`at most ${most} unread at once`);
  for (const socket of open) socket.destroy();
}

const longList =
  "{ accounts(first: 95, orderBy: [{ name: asc }]) { nodes { description customFields } } }";

const deaf = (name: string, sockets: number, ask: (key: string) => Sent): Attack => ({
  point: 2,
  name: `${sockets} sockets that never read 16 MB, ${name}`,
  tenant: "wide",
  keys: Math.ceil(sockets / 100),
  run: (place) => askDeaf(place, sockets, ask),
});
const overGraphql = (key: string): Sent => graphql(key, longList);
const overRest = (key: string): Sent => ({ path: `${crm}/accounts?limit=95&sort=name`, key });

const uncounted: Attack = {
  point: 3,
  name: "answers of keys, numbers, booleans and escapes",
  tenant: "wide",
  keys: 4,
  run: (place) => {
    const list = (levels: number, leaf: string): string =>
      `{ ${nested(levels, "(first: 100)", leaf)} }`;
    const escapes = repeated(5, "description");
    const documents = [
      ["long aliases", list(2, `${"a".repeat(20_000)}: version`)],
      ["longer aliases", list(2, `${"a".repeat(60_000)}: version`)],
      ["numbers", list(2, repeated(95, "version"))],
      ["booleans", list(2, repeated(95, "isDeleted"))],
      ["typename", list(2, repeated(95, "__typename"))],
      ["U+0001", `{ accounts(last: 25, orderBy: [{ name: asc }]) { nodes { ${escapes} } } }`],
    ] as const;
    return attackWith(place, 2, (turn) => {
      const [label, query] = documents[turn % documents.length] ?? documents[0];
      return { label, ...graphql(place.keys[turn % place.keys.length] ?? "", query) };
    });
  },
};

export const memoryAttacks: readonly Attack[] = [
  proto,
  deaf("GraphQL", 60, overGraphql),
  deaf("REST", 60, overRest),
  deaf("GraphQL", 500, overGraphql),
  deaf("REST", 500, overRest),
  uncounted,
];
