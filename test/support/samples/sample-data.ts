import { seededRandom } from "../writes/random-writes.ts";
import { type Values } from "../writes/mutation.ts";

/**
 * Rows of the same shape as public sample files have (Northwind, Chinook, Datablist): sparse cells, days with a midnight,
 * phones with extensions, emails with unusual characters, names in ten scripts, values that come twice. All is made up.
 */
export type SampleRow = {
  /** As a spreadsheet's row is sent: every column, blank where there is nothing. */
  readonly input: Values;
  /** What is read back under each name that was sent. */
  readonly reads: Values;
  /** What cannot be taken, by its path; empty for a good row. */
  readonly refused: readonly string[];
};

/** A cell: what is sent, what is read back, and whether it must be refused. */
type Cell = { readonly sent: unknown; readonly read?: unknown; readonly isRefused?: true };
type Columns = Readonly<Record<string, Cell>>;

const plain = (value: unknown): Cell => ({ sent: value, read: value });
const bad = (value: unknown): Cell => ({ sent: value, isRefused: true });

const people = [
  ["Ana", "Trujillo-Möller"],
  ["Zoë", "O’Brien"],
  ["Мария", "Кузнецова"],
  ["Νίκος", "Παπαδόπουλος"],
  ["أحمد", "الخطيب"],
  ["נועה", "לוי"],
  ["प्रिया", "शर्मा"],
  ["สมชาย", "ใจดี"],
  ["伟", "王"],
  ["さくら", "佐藤"],
  ["민준", "김"],
  ["Nguyễn", "Thị Hương"],
] as const;

const companies = [
  "Alfreds Futterkiste & Söhne",
  "Blauer See, Delikatessen",
  "B's Beverages",
  "Кухня «Восток»",
  "Ταβέρνα Ο Ναύτης",
  "شركة النخيل",
  "株式会社さくら",
  "北京书店",
  "서울상사",
  'The "Big" Cheese',
  "=SUM(A1:A2)",
  "O'Neil\\Partners; DROP TABLE",
] as const;

const streets = [
  "Obere Str. 57",
  "Avda. de la Constitución 2222",
  "120 Hanover Sq.",
  "ул. Ленина, 5",
];
const cities = ["Berlin", "México D.F.", "Århus", "Łódź", "東京", "São Paulo"];
const countries = ["Germany", "Mexico", "UK", "日本", "Brazil"];
const postcodes = ["12209", "05021", "WA1 1DP", "S-958 22", "00100"];

/** Numbers that are whole with their country code: as national habits write them, and in E.164. */
const wholePhones = [
  ["+1 (201) 555-0123", "+12015550123"],
  ["+1.201.555.0145", "+12015550145"],
  ["+44 020 7946 0958", "+442079460958"],
  ["+49 030 23125 01", "+49302312501"],
  ["+33 01 99 00 12 34", "+33199001234"],
  ["+61 (02) 5550 1234", "+61255501234"],
  ["+46 08-465 004 12", "+46846500412"],
] as const;

/** Numbers that E.164 would lose a part of, or that have no country code. */
const writtenPhones = [
  "(5) 555-4729",
  "030-0074321",
  "(171) 555-7788",
  "555-0123 x5467",
  "001-808-555-0146x12958",
  "+1 201 555 0123 ext. 136",
  "+1-201-555-0199;ext=42",
  "+7 495 555-01-23 доб. 7",
  "201-555-0100 (do not call)",
];

const locals = [
  "r&d",
  "a/b=c",
  "it#1",
  "100%",
  "o'brien",
  "müller",
  "用户",
  "first.last+tag",
  "x_y-z",
  "{ops}",
];
const hosts = ["shop.example", "bücher.example", "xn--bcher-kva.example", "sub.domain.example.org"];

const odd = (text: string): string => (["", " ", "  "].includes(text) ? text : ` ${text} `);

/** Makes cells, the same for the same seed. */
class Cells {
  readonly #random: () => number;
  #count = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  get count(): number {
    return ++this.#count;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  chance(part: number): boolean {
    return this.#random() < part;
  }

  /** A blank: nothing was given. */
  blank(read: unknown = null): Cell {
    return { sent: this.pick(["", " ", "\t", null]), read };
  }

  /** A cell that a third of the rows leaves blank. */
  sparse(cell: () => Cell, read: unknown = null): Cell {
    return this.chance(1 / 3) ? this.blank(read) : cell();
  }

  text(values: readonly string[]): Cell {
    const text = this.pick(values);
    return { sent: this.chance(0.2) ? odd(text) : text, read: text };
  }

  /** A number as it was written: kept whatever it is. */
  writtenPhone(): Cell {
    return plain(this.chance(0.5) ? this.pick(writtenPhones) : this.pick(wholePhones)[0]);
  }

  /** A number that must be whole. */
  wholePhone(): Cell {
    if (this.chance(0.15)) return bad(this.pick(writtenPhones));
    const [sent, read] = this.pick(wholePhones);
    return { sent, read };
  }

  email(): Cell {
    if (this.chance(0.05))
      return bad(this.pick(["nobody", "a b@shop.example", "x@", "@shop.example"]));
    return plain(`${this.pick(locals)}.${this.count}@${this.pick(hosts)}`);
  }

  day(): Cell {
    const day = `${1940 + Math.floor(this.#random() * 86)}-0${1 + Math.floor(this.#random() * 9)}-1${Math.floor(this.#random() * 10)}`;
    if (this.chance(0.06))
      return bad(this.pick(["07/04/1996", "4.7.96", "1996-02-30", "July 4, 1996"]));
    const form = this.pick(["", " 00:00:00.000", " 00:00:00", "T00:00:00", "T00:00:00Z"]);
    return { sent: `${day}${form}`, read: `${day}T00:00:00.000Z` };
  }

  money(): Cell {
    const amount = Math.floor(this.#random() * 1_000_000) / 100;
    return { sent: this.pick([amount, amount.toFixed(4), `${amount}`]), read: amount };
  }

  currency(): Cell {
    if (this.chance(0.05)) return bad(this.pick(["US$", "EURO", "HRK"]));
    const code = this.pick(["USD", "EUR", "JPY", "VED", "BRL", "INR"]);
    return { sent: this.chance(0.3) ? code.toLowerCase() : code, read: code };
  }

  website(): Cell {
    return plain(
      this.pick(["https://shop.example/", "http://www.example.org/a?b=c", "https://łódź.example/"]),
    );
  }
}

function rowOf(columns: Columns): SampleRow {
  const entries = Object.entries(columns);
  return {
    input: Object.fromEntries(entries.map(([key, { sent }]) => [key, sent])),
    reads: Object.fromEntries(entries.map(([key, { read = null }]) => [key, read])),
    refused: entries.flatMap(([key, { isRefused }]) => (isRefused === true ? [key] : [])),
  };
}

const rows = (count: number, make: (index: number) => Columns): SampleRow[] =>
  Array.from({ length: count }, (_, index) => rowOf(make(index)));

/** Customers and suppliers, as Northwind has them: accounts. */
export function companyRows(count: number): SampleRow[] {
  const cells = new Cells(1996);
  return rows(count, (index) => {
    const address = {
      line1: cells.pick(streets),
      city: cells.pick(cities),
      postcode: cells.pick(postcodes),
      country: cells.pick(countries),
    };
    const [state, line2] = [cells.pick(["", " ", null]), cells.pick(["", null])];
    return {
      name: cells.text(companies),
      legal_name: cells.blank(),
      account_type: cells.sparse(() => plain("individual"), "business"),
      email: cells.sparse(() => cells.email()),
      phone: cells.sparse(() => cells.writtenPhone()),
      website: cells.sparse(() => cells.website()),
      industry: cells.sparse(() => cells.text(["Food & Drink", "Книги", "小売"])),
      annual_revenue: cells.sparse(() => cells.money()),
      employee_count: cells.sparse(() => plain(index)),
      owner_id: cells.sparse(() => plain(`usr-${index % 9}`)),
      parent_account_id: cells.blank(),
      description: cells.sparse(() => plain('Line one\r\nLine two, with "quotes" and a\ttab.')),
      addresses: {
        sent: [{ kind: "office", ...address, state, line2 }],
        read: [{ kind: "office", ...address, state: null, line2: null }],
      },
      tags: plain(["northwind", `row ${index % 7}`]),
      custom_fields: plain({ CustomerID: `C${index}`, Fax: cells.pick(writtenPhones), Region: "" }),
    };
  });
}

/** Employees (Northwind), customers (Chinook), people and leads (Datablist): contacts. */
export function personRows(count: number): SampleRow[] {
  const cells = new Cells(2008);
  return rows(count, (index) => {
    const [first, last] = cells.pick(people);
    // Chinook's column is one for numbers with their country code; the others keep numbers as they were written.
    const number: Columns =
      index % 2 === 0
        ? { phone: cells.sparse(() => cells.wholePhone()) }
        : { phone_1: cells.sparse(() => cells.writtenPhone()) };
    return {
      title: cells.sparse(() => cells.text(["Ms.", "Dr.", "Sr."])),
      first_name: plain(first),
      last_name: cells.chance(0.2) ? { sent: odd(last), read: last } : plain(last),
      company: cells.sparse(() => cells.text(companies)),
      ...number,
      phone_1_label: cells.sparse(() => plain("home")),
      phone_2: cells.sparse(() => cells.writtenPhone()),
      email: cells.sparse(() => cells.email()),
      birthday: cells.sparse(() => cells.day()),
      job_title: cells.sparse(() => cells.text(["Sales Representative", "Vice President, Sales"])),
      address: cells.sparse(() => cells.text(streets)),
      city: cells.sparse(() => cells.text(cities)),
      state: cells.blank(),
      country: cells.sparse(() => cells.text(countries)),
      postcode: cells.sparse(() => cells.text(postcodes)),
      website: cells.sparse(() => cells.website()),
      reports_to_contact_id: cells.blank(),
      is_primary: cells.blank(false),
      opted_in: cells.sparse(() => plain(false), false),
      note: cells.sparse(() =>
        plain("Education includes a BA in psychology.\nSpeaks français, 日本語."),
      ),
    };
  });
}

/** Orders, with the day on which they are wanted and what their freight costs: deals of an account. */
export function orderRows(count: number, accounts: readonly string[]): SampleRow[] {
  const cells = new Cells(10_248);
  return rows(count, (index) => ({
    account_id: plain(cells.pick(accounts)),
    deal_number: plain(`ORDER-${10_248 + index}`),
    name: cells.sparse(() => cells.text(companies)),
    stage: cells.sparse(() => plain("qualified"), "lead"),
    value: cells.sparse(() => cells.money()),
    currency: cells.sparse(() => cells.currency(), "USD"),
    expected_close_date: cells.sparse(() => cells.day()),
    actual_close_date: cells.sparse(() => cells.day()),
    probability: cells.sparse(() => plain(index % 101)),
    owner_id: cells.blank(),
    primary_contact_id: cells.blank(),
    contact_ids: plain([]),
    competitors: plain([]),
    loss_reason: cells.blank(),
  }));
}

/** Orders with their details: quotes with line items. */
export function detailRows(count: number, accounts: readonly string[]): SampleRow[] {
  const cells = new Cells(77);
  return rows(count, (index) => {
    const prices = Array.from({ length: 1 + (index % 3) }, () => cells.money());
    const lines = prices.map((price, place) => ({
      description: { sent: cells.text(companies).read, read: null },
      quantity: plain(1 + ((index + place) % 40)),
      unit_price: price,
      discount: plain([0, 5, 10, 15, 20, 25][(index + place) % 6]),
      discount_type: plain("percent"),
    }));
    return {
      account_id: plain(cells.pick(accounts)),
      quote_number: plain(`DETAILS-${index}`),
      deal_id: cells.blank(),
      status: cells.blank("draft"),
      currency: cells.sparse(() => cells.currency(), "USD"),
      validity_date: cells.blank(),
      notes: cells.sparse(() => plain("Ship via Speedy Express.")),
      line_items: {
        sent: lines.map((line) => sentOf(line)),
        read: lines.map(({ description, quantity, unit_price, discount }) => ({
          description: description.sent,
          quantity: quantity.read,
          unit_price: unit_price.read,
          discount: discount.read,
        })),
      },
    };
  });
}

const sentOf = (columns: Columns): Values =>
  Object.fromEntries(Object.entries(columns).map(([key, { sent }]) => [key, sent]));
