import { useState } from "react";
import { useMutation, type CombinedError } from "urql";
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
  const [{ fetching }, create] = useMutation(CreateDeal);
  const [complaints, setComplaints] = useState<Complaints>({});

  async function save(form: HTMLFormElement): Promise<void> {
    const values = new FormData(form);
    const sent = fields.map(({ name }) => [inputName(name), String(values.get(name))]);
    setComplaints({});
    // An empty text means "not given", so a form is sent as it is.
    const input = { account_id: accountId, ...Object.fromEntries(sent) };
    const { data, error } = await create({ input });
    const refused = data?.createDeal.userErrors ?? [];
    if (error) setComplaints(complaintsOf(error));
    else if (refused.length === 0) form.reset();
    else {
      setComplaints(
        Object.fromEntries(refused.map(({ path, message }) => [path[0] ?? "", message])),
      );
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
      <button className="primary" disabled={fetching}>
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
function complaintsOf({ networkError, graphQLErrors }: CombinedError): Complaints {
  if (networkError) return { "": networkError.message };
  return Object.fromEntries(
    graphQLErrors.map(({ message, extensions: { inputPath } }) => [
      Array.isArray(inputPath) ? String(inputPath.at(-1)) : "",
      message,
    ]),
  );
}
