import { CombinedGraphQLErrors } from "@apollo/client";
import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { addDeal } from "./dealLists.ts";
import { inputNames } from "./gql/crm.ts";
import { graphql } from "./gql/gql.ts";

const CreateDeal = graphql(`
  mutation CreateDeal($input: CreateDealInput!) {
    createDeal(input: $input) {
      dealEdge {
        cursor
        node {
          id
          ...DealCard
        }
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`);

/** The form's fields, by the names that records have. */
const fields = [
  { name: "name", label: "Name", type: "text" },
  { name: "value", label: "Value", type: "text" },
  { name: "expectedCloseDate", label: "Closes", type: "date" },
] as const;

type Complaints = Record<string, string>;

export function NewDeal({ accountId }: { accountId: string }) {
  const [create, { loading }] = useMutation(CreateDeal, {
    update(cache, { data }) {
      const edge = data?.createDeal.dealEdge;
      if (edge) addDeal(cache, edge.cursor, edge.node);
    },
  });
  const [complaints, setComplaints] = useState<Complaints>({});

  async function save(form: HTMLFormElement): Promise<void> {
    const values = new FormData(form);
    const sent = fields.map(({ name }) => [inputName(name), String(values.get(name))]);
    setComplaints({});
    try {
      // An empty text means "not given", so a form is sent as it is.
      const { data } = await create({
        variables: { input: { account_id: accountId, ...Object.fromEntries(sent) } },
      });
      const refused = data?.createDeal.userErrors ?? [];
      if (refused.length === 0) form.reset();
      setComplaints(
        Object.fromEntries(refused.map(({ path, message }) => [path[0] ?? "", message])),
      );
    } catch (error) {
      setComplaints(complaintsOf(error));
    }
  }

  return (
    <form
      className="form"
      aria-label="New deal"
      onSubmit={(event) => {
        event.preventDefault();
        void save(event.currentTarget);
      }}
    >
      {fields.map(({ name, label, type }) => (
        <label key={name}>
          {label}
          <input name={name} type={type} />
          <span className="error">{complaints[inputName(name)]}</span>
        </label>
      ))}
      <button className="primary" disabled={loading}>
        Add deal
      </button>
      <p role="alert">{complaints[""]}</p>
    </form>
  );
}

/** `expectedCloseDate` → `expected_close_date`: inputs have the names of the REST APIs. */
function inputName(field: string): string {
  return Object.entries(inputNames.Deal).find(([, own]) => own === field)?.[0] ?? field;
}

/** A value that its scalar does not take is refused before the mutation runs, with the place in the variables. */
function complaintsOf(error: unknown): Complaints {
  if (!CombinedGraphQLErrors.is(error)) return { "": String(error) };
  return Object.fromEntries(
    error.errors.map(({ message, extensions }) => {
      const path = extensions?.inputPath;
      return [Array.isArray(path) ? String(path.at(-1)) : "", message];
    }),
  );
}
