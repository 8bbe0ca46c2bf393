import { normalizedExecutor } from "@graphql-tools/executor";
import { getOperationAST, type ExecutionResult, type GraphQLSchema } from "graphql";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { asWork, Work } from "../../../src/db/work.ts";
import { tellError } from "../../../src/graphql/server/errors.ts";
import type { CompiledAnswer } from "../../../src/graphql/server/lane.ts";
import { makeContext } from "../../../src/graphql/server/make-context.ts";
import { exactVariables } from "../../../src/graphql/server/use-exact-numbers.ts";
import { patientEnvironment } from "../run/patience.ts";

/** The most reads of both lanes. Since others may write meanwhile, only answers that differ each time count. */
const mostTurns = 10;

/**
 * Interprets every query that a gateway has answered by a compiled statement, and compares the answers. It has its own
 * connections, so that its reads are in no quota, log or list of recorded statements.
 */
export function startComparison(databaseUrl: string, schema: GraphQLSchema) {
  const { pool } = loadConfig(patientEnvironment);
  const database = openDatabase({ url: databaseUrl, maxConnections: 2, pool });
  const differences: string[] = [];
  const services = {
    database,
    get apiKeys(): never {
      throw new Error("a query knows no keys");
    },
    get jobs(): never {
      throw new Error("a query adds no jobs");
    },
    get imports(): never {
      throw new Error("no compiled query knows imports");
    },
    get webhooks(): never {
      throw new Error("no compiled query knows webhooks");
    },
  };

  const interpret = async (answer: CompiledAnswer): Promise<ExecutionResult> => {
    const { actor, document, operationName, variables } = answer;
    const operation = getOperationAST(document, operationName);
    if (operation == null) throw new Error("no such operation");
    const db = database.forTenant(actor.tenantId);
    const contextValue = makeContext(services, { actor, work: null, db });
    const variableValues = exactVariables(schema, operation, { ...variables });
    const result = await asWork(new Work(), () =>
      normalizedExecutor({ schema, document, operationName, variableValues, contextValue }),
    );
    if (Symbol.asyncIterator in result) throw new Error("a query has one answer");
    return result;
  };

  const difference = async (answer: CompiledAnswer): Promise<string | null> => {
    let told = "";
    let data: string | null = answer.data;
    for (let turn = 0; turn < mostTurns && data !== null; turn += 1) {
      const result = await interpret(answer);
      // A test may cut these connections as well.
      if (result.errors?.some((error) => codeOf(error) === "UNAVAILABLE")) return null;
      const { errors } = result;
      const interpreted = JSON.stringify(result.data);
      if (errors === undefined && canonical(interpreted) === canonical(data)) return null;
      const wrong = errors === undefined ? "" : ` and ${errors.map(String).join(", ")}`;
      told = `compiled:\n${data}\ninterpreted:\n${interpreted}${wrong}`;
      data = await answer.again();
    }
    return data === null ? null : told;
  };

  return {
    /** The gateway calls it with each compiled answer. */
    onCompiled: async (answer: CompiledAnswer): Promise<void> => {
      const found = await difference(answer);
      if (found === null) return;
      const { document, variables } = answer;
      const text = `${document.loc?.source.body}\n${JSON.stringify(variables)}\n${found}`;
      differences.push(text);
      console.error(`The lanes differ:\n${text}`);
    },
    /** @throws if an answer differed from the interpreter's. */
    close: async (): Promise<void> => {
      await database.close();
      if (differences.length > 0) {
        throw new Error(
          `${differences.length} answers differ between the lanes: ${differences[0]}`,
        );
      }
    },
  };
}

const codeOf = (error: unknown): unknown => tellError(error, "").error.extensions["code"];
/** JSON without the spaces of JSON columns, and with numbers as JavaScript reads them. */
const canonical = (data: string): string => JSON.stringify(JSON.parse(data));
