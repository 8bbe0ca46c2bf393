import type { Duplex } from "node:stream";
import { addTo } from "./counts.ts";

/** Whose bytes they are. Anybody who may make keys can make many, so all credentials of a tenant are one party. */
type Holder = {
  readonly party: string;
  readonly credential: string;
  readonly socket: Duplex;
};

/** Bytes in memory that only a client can free. */
export type Hold = {
  /** Adds bytes; false when they made way, or had before. */
  take(bytes: number): boolean;
  /** Says that the client has read or sent so many. */
  moved(bytes: number): void;
  free(): void;
};

type Entry = Holder & { readonly giveUp: () => void; bytes: number };
type Connection = { readonly entries: Set<Entry>; lateAt: number };

/** A client that moves less than 64 KB a second is late once it has fallen so far behind. */
const patienceMilliseconds = 3_000;
const leastBytesPerMillisecond = 65.536;
const lookMilliseconds = 500;
/** A credential that holds less always has room, however much others hold. */
const modestBytes = 1_000_000;
/** One party has at most so much of the whole. */
const mostOfOneParty = 3 / 4;

/**
 * Bounds the bytes that wait for clients: answers until they are read, bodies until they are sent. Half of the whole is
 * shared out: a credential, and a party, may hold as much as it leaves to others. Once a quarter is used, late clients are
 * given up. When the whole, or what one party may have, is full, the greatest holders make way at once, late ones first.
 */
export class HeldBytes {
  readonly #most: number;
  readonly #connections = new Map<Duplex, Connection>();
  readonly #byParty = new Map<string, number>();
  readonly #byCredential = new Map<string, number>();
  #bytes = 0;
  #looking: NodeJS.Timeout | null = null;
  /** Told when there is room again. */
  onFreed: (() => void) | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Whether work may begin whose answer this credential would hold too, beside so much other work of its party. Of a party
   * that has its share, those who hold next to nothing still have one answer made at a time.
   */
  hasRoom(credential: string, party: string, atWork: number): boolean {
    const share = Math.max(this.#most / 2 - this.#bytes, modestBytes);
    const ofParty = this.#byParty.get(party) ?? 0;
    const held = this.heldBy(credential);
    return ofParty < share ? held < share : held < modestBytes && atWork === 0;
  }

  /** Bytes that one credential holds. */
  heldBy(credential: string): number {
    return this.#byCredential.get(credential) ?? 0;
  }

  /** Begins to hold; `giveUp` ends what holds when it has to make way. */
  hold(holder: Holder, giveUp: () => void): Hold {
    const { socket } = holder;
    const entry: Entry = { ...holder, giveUp, bytes: 0 };
    const now = performance.now();
    const connection = this.#connections.get(socket) ?? {
      entries: new Set<Entry>(),
      lateAt: now + patienceMilliseconds,
    };
    this.#connections.set(socket, connection);
    connection.entries.add(entry);
    this.#looking ??= setInterval(() => this.#look(), lookMilliseconds).unref();
    const isHeld = () => connection.entries.has(entry);
    return {
      take: (bytes) => {
        if (!isHeld()) return false;
        this.#add(entry, bytes);
        this.#makeRoom(entry.party);
        return isHeld();
      },
      moved: (bytes) => {
        const at = performance.now();
        const { lateAt } = connection;
        connection.lateAt = Math.min(
          Math.max(lateAt, at) + bytes / leastBytesPerMillisecond,
          at + patienceMilliseconds,
        );
      },
      free: () => {
        if (isHeld()) this.#free(entry);
      },
    };
  }

  #add(entry: Entry, bytes: number): void {
    entry.bytes += bytes;
    this.#bytes += bytes;
    addTo(this.#byParty, entry.party, bytes);
    addTo(this.#byCredential, entry.credential, bytes);
  }

  #free(entry: Entry): void {
    const connection = this.#connections.get(entry.socket);
    connection?.entries.delete(entry);
    if (connection?.entries.size === 0) this.#connections.delete(entry.socket);
    this.#add(entry, -entry.bytes);
    this.onFreed?.();
  }

  /** Ends all that one connection holds: of its answers the first alone moves. */
  #giveUp({ entries }: Connection): void {
    for (const entry of entries) {
      this.#free(entry);
      entry.giveUp();
    }
  }

  #makeRoom(party: string): void {
    const isGreedy = () => (this.#byParty.get(party) ?? 0) > this.#most * mostOfOneParty;
    while (isGreedy() || this.#bytes > this.#most) {
      const worst = this.#worstOf(isGreedy() ? party : greatestOf(this.#byParty));
      if (worst === undefined) return;
      this.#giveUp(worst);
    }
  }

  #worstOf(party: string | undefined): Connection | undefined {
    const now = performance.now();
    let worst: { connection: Connection; rank: readonly number[] } | undefined;
    for (const connection of this.#connections.values()) {
      const own = [...connection.entries].filter((entry) => entry.party === party);
      const bytes = own.reduce((sum, entry) => sum + entry.bytes, 0);
      if (bytes === 0) continue;
      const byCredential = Math.max(...own.map((entry) => this.heldBy(entry.credential)));
      const rank = [Number(connection.lateAt < now), byCredential, bytes];
      if (worst === undefined || isGreater(rank, worst.rank)) worst = { connection, rank };
    }
    return worst?.connection;
  }

  /** Gives up late clients, if what they hold is wanted. */
  #look(): void {
    if (this.#connections.size === 0 && this.#looking !== null) {
      clearInterval(this.#looking);
      this.#looking = null;
    }
    const now = performance.now();
    for (const connection of this.#connections.values()) {
      if (this.#bytes < this.#most / 4) return;
      if (connection.lateAt < now) this.#giveUp(connection);
    }
  }
}

function greatestOf(counts: ReadonlyMap<string, number>): string | undefined {
  let greatest: readonly [string, number] | undefined;
  for (const one of counts) if (greatest === undefined || one[1] > greatest[1]) greatest = one;
  return greatest?.[0];
}

/** Compares by the first place in which they differ. */
function isGreater(one: readonly number[], other: readonly number[]): boolean {
  const place = one.findIndex((value, index) => value !== other[index]);
  return place >= 0 && (one[place] ?? 0) > (other[place] ?? 0);
}
