import { isInputObjectType, type GraphQLSchema } from "graphql";

/** What stands at each input field that is accepted and ignored: nobody has to read 200 different texts. */
export const ignoredText = "Accepted and ignored, since clients send back what they read.";

/** Puts the input fields that are accepted and ignored behind the others, where people read inputs. */
export function ignoredLast(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInputObjectType(type)) continue;
    const fields = type.getFields();
    for (const field of Object.values(fields)) {
      if (field.description !== ignoredText) continue;
      delete fields[field.name];
      fields[field.name] = field;
    }
  }
  return schema;
}
