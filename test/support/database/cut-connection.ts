import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { FrameReader, StatementTexts, type Frame } from "./wire-frames.ts";

/**
 * Where a connection is cut. `before`: the statement never reaches the server, which has answered all before it and is
 * told to end. `unheard`: it is carried out, with all that is sent without waiting for its answer, and no answer comes.
 */
export type Cut = { readonly statement: number; readonly when: "before" | "unheard" };

/** What happens before a statement is sent, while the connection waits: once the round trips before it are answered. */
type Pause = { readonly statement: number; readonly until: () => Promise<void> };

/** A way to the database that knows every statement which takes it, and breaks where it is told to. */
export type CuttableRoute = {
  /** The database's URL by this way. */
  readonly url: string;
  /** Counts statements from here, the next one being number 1, and sets a trap for one of them. */
  watch(trap?: Cut | Pause): void;
  /** What was sent since `watch`, in order. */
  statements(): readonly string[];
  /**
   * Resolves when the trap has gone off; after a cut the server's end is gone by then, and its locks. Fails as what was
   * to happen before a statement did.
   */
  sprung(): Promise<void>;
  close(): void;
};

/** The message behind the statements of a round trip. */
const sync = Buffer.from([0x53, 0, 0, 0, 4]);

/**
 * The note of a key's use, the word to other processes that a log has grown, and what fences a connection or looks at
 * its fence. They come when the gateway likes: the word of one write may come within the next, or be that of both. BEGIN
 * comes in the round trip of what follows it; on Citus each of these is a transaction.
 */
const ofItsOwn = /^BEGIN|note_api_key_use|pg_notify|FROM pg_locks|app\.tenant_id|crm-gateway fence/;

/** What all connections of a route share. */
type Watched = {
  statements: string[];
  trap: Cut | Pause | null;
  spring: (outcome?: Promise<void>) => void;
};

/** Ends the server's process of a connection, as an operator or a failover does. */
type Terminate = (processId: number) => Promise<unknown>;

/** How long nothing must be sent until a client that gets no answer has sent all that it can. */
const quietMilliseconds = 3;

/** Opens a way to a database. */
export async function openCuttableRoute(
  databaseUrl: string,
  terminate: Terminate,
): Promise<CuttableRoute> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const watched: Watched = { statements: [], trap: null, spring: () => undefined };
  let sprung = Promise.resolve();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("close", () => sockets.delete(socket));
    }
    new Carrier(near, far, watched, terminate).start();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.href,
    watch: (trap) => {
      watched.statements = [];
      watched.trap = trap ?? null;
      sprung = new Promise((resolve) => {
        watched.spring = resolve;
      });
    },
    statements: () => watched.statements,
    sprung: () => sprung,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Carries the messages of one connection between its near end, the client, and its far end, the server. */
class Carrier {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #watched: Watched;
  readonly #terminate: Terminate;
  readonly #fromClient = new FrameReader("client");
  readonly #fromServer = new FrameReader("server");
  readonly #texts = new StatementTexts();
  /** Numbers of the statements whose answers are not complete, by round trip; 0 is the server's greeting. */
  readonly #unanswered: number[][] = [[0]];
  /** The last statement whose answer is complete. */
  #answered = 0;
  /** What the server answers to this statement and those behind it is not passed on. */
  #unheardFrom = Number.POSITIVE_INFINITY;
  /** Messages that wait for a pause to end. */
  #waiting: Frame[] | null = null;
  /** A pause that is to come when so many round trips more are answered. */
  #pause: (Pause & { tripsBefore: number }) | null = null;
  /** Nothing more is passed on to the server. */
  #isCut = false;
  /** Whether that is in the midst of a round trip. */
  #isTripCut = false;
  #isEnding = false;
  #isInTrip = false;
  #isInStatement = false;
  /** Whether nothing that counts was sent since BEGIN: its COMMIT does not count either. */
  #isEmpty = false;
  #processId = 0;
  #quiet: NodeJS.Timeout | undefined;

  constructor(near: Socket, far: Socket, watched: Watched, terminate: Terminate) {
    this.#near = near;
    this.#far = far;
    this.#watched = watched;
    this.#terminate = terminate;
  }

  start(): void {
    const [near, far] = [this.#near, this.#far];
    near.on("data", (chunk: Buffer) => {
      for (const frame of this.#fromClient.read(chunk)) this.#toServer(frame);
      this.#pauseWhenAnswered();
      this.#cutWhenAnswered();
    });
    far.on("data", (chunk: Buffer) => {
      for (const frame of this.#fromServer.read(chunk)) this.#toClient(frame);
      this.#pauseWhenAnswered();
      this.#cutWhenAnswered();
    });
    near.on("end", () => far.end());
    near.on("error", () => far.destroy());
    // What is to be unheard ends without a word.
    far.on("end", () => this.#isUnheard || near.end());
    far.on("error", () => this.#isUnheard || near.destroy());
  }

  get #isUnheard(): boolean {
    return this.#unheardFrom < Number.POSITIVE_INFINITY;
  }

  #toServer(frame: Frame): void {
    if (this.#isEnding) return;
    if (!this.#isInStatement && /^[QPB]$/.test(frame.type)) {
      this.#isInStatement = true;
      // Parse comes first where there is one.
      const wasCut = this.#isCut;
      const number = this.#count(this.#texts.textOf(frame));
      if (this.#isCut && !wasCut && this.#isInTrip) {
        this.#isTripCut = true;
        // So that those before it are answered.
        this.#far.write(sync);
      } else if (!this.#isCut) {
        if (this.#isInTrip) this.#unanswered.at(-1)?.push(number);
        else this.#unanswered.push([number]);
        this.#isInTrip = true;
      }
    }
    // Query, or the Execute behind Parse and Bind.
    if (/^[QE]$/.test(frame.type)) this.#isInStatement = false;
    // Query, or the Sync behind them.
    if (/^[QS]$/.test(frame.type)) this.#isInTrip = false;
    if (this.#isCut) return;
    if (this.#waiting === null) this.#far.write(frame.bytes);
    else this.#waiting.push(frame);
  }

  /** The statement's number; what the gateway does at times of its own goes by that of the one before. */
  #count(text: string): number {
    const { statements, trap } = this.#watched;
    if (text.startsWith("BEGIN")) this.#isEmpty = true;
    if (ofItsOwn.test(text) || (text === "COMMIT" && this.#isEmpty)) return statements.length;
    this.#isEmpty = false;
    const number = statements.push(text);
    if (trap?.statement === number) this.#fall(trap);
    return number;
  }

  #fall(trap: Cut | Pause): void {
    this.#watched.trap = null;
    if ("until" in trap) {
      this.#waiting = [];
      this.#pause = { ...trap, tripsBefore: this.#unanswered.length - (this.#isInTrip ? 1 : 0) };
    } else if (trap.when === "before") {
      this.#isCut = true;
    } else {
      this.#unheardFrom = trap.statement;
    }
  }

  #pauseWhenAnswered(): void {
    if (this.#pause === null || this.#pause.tripsBefore > 0) return;
    const outcome = this.#pause.until();
    this.#pause = null;
    void outcome.catch(() => undefined).then(() => this.#goOn(outcome));
  }

  #goOn(outcome: Promise<void>): void {
    for (const { bytes } of this.#waiting ?? []) this.#far.write(bytes);
    this.#waiting = null;
    this.#watched.spring(outcome);
  }

  #toClient({ type, bytes }: Frame): void {
    // BackendKeyData
    if (type === "K") this.#processId = bytes.readUInt32BE(5);
    const [trip = []] = this.#unanswered;
    const isLast = this.#isTripCut && this.#unanswered.length === 1;
    const isHeard = (trip[0] ?? this.#answered) < this.#unheardFrom && !(isLast && type === "Z");
    if (isHeard) this.#near.write(bytes);
    // CommandComplete
    if (type === "C") this.#answered = trip.shift() ?? this.#answered;
    // ReadyForQuery
    if (type === "Z") {
      this.#unanswered.shift();
      if (this.#pause !== null) this.#pause.tripsBefore -= 1;
    }
  }

  #cutWhenAnswered(): void {
    clearTimeout(this.#quiet);
    if (this.#unanswered.length > 0 || this.#isEnding) return;
    if (this.#isCut) void this.#end();
    else if (this.#isUnheard) this.#quiet = setTimeout(() => void this.#end(), quietMilliseconds);
  }

  async #end(): Promise<void> {
    this.#isEnding = true;
    // A server's process closes its socket last of all.
    await Promise.all([once(this.#far, "close"), this.#terminate(this.#processId)]);
    // Both ways in which a lost peer shows.
    if (this.#unheardFrom % 2 === 1) this.#near.resetAndDestroy();
    else if (this.#isUnheard) this.#near.destroy();
    this.#watched.spring();
  }
}
