/** A page of a list. */
export interface Page<Item> {
  readonly data: Item[];
  readonly pagination: {
    /** How many records match, on all pages. */
    readonly count: number;
    /** How many a page has at most. */
    readonly limit: number;
    /** Where the next page begins; null on the last one. */
    readonly next_cursor: string | null;
  };
}

/**
 * What `list()` gives. To await it gives the first page; `for await` goes through the records of all pages, `pages()`
 * through the pages. Nothing is sent before that, and the first page is asked for once.
 */
export class List<Item> implements Promise<Page<Item>>, AsyncIterable<Item> {
  readonly [Symbol.toStringTag] = "List";
  readonly #fetchPage: (cursor: string | null) => Promise<Page<Item>>;
  #first: Promise<Page<Item>> | null = null;

  constructor(fetchPage: (cursor: string | null) => Promise<Page<Item>>) {
    this.#fetchPage = fetchPage;
  }

  /** The pages, each asked for when it is its turn. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    let page = await this.#firstPage();
    for (;;) {
      yield page;
      const { next_cursor: cursor } = page.pagination;
      if (cursor === null) return;
      page = await this.#fetchPage(cursor);
      // It would never end.
      if (page.pagination.next_cursor === cursor) throw new Error("the list goes in a circle");
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const { data } of this.pages()) yield* data;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- to await a list gives its first page, as the documents show it
  then<Fulfilled = Page<Item>, Rejected = never>(
    onFulfilled?: ((page: Page<Item>) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#firstPage().then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Page<Item> | Rejected> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Page<Item>> {
    return this.#firstPage().finally(onFinally);
  }

  #firstPage(): Promise<Page<Item>> {
    return (this.#first ??= this.#fetchPage(null));
  }
}
