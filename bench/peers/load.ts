// Puts load on a side from a separate process, which lives as long as the benchmark. Plain sockets take little CPU.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { counter, type HttpRequest } from "./requests.ts";

export type Load = {
  /** A rotation of the same name continues where the last load stopped. */
  readonly name: string;
  readonly port: number;
  readonly requests: readonly HttpRequest[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second (open loop); null sends the next when the last one is answered. */
  readonly rate: number | null;
};

export type Answered = {
  /** The numbers of answers with data, and of all others. */
  readonly good: number;
  readonly bad: number;
  readonly seconds: number;
  /** Milliseconds of CPU of the generator itself. */
  readonly cpu: number;
  /** Milliseconds since a request was due, which in the open loop includes the wait for a connection. */
  readonly p50: number;
  readonly p99: number;
  /** The beginning of the first bad answer. */
  readonly complaint: string;
};

export type LoadGenerator = {
  run(load: Load): Promise<Answered>;
  stop(): void;
};

export function startLoadGenerator(): LoadGenerator {
  const child = fork(import.meta.filename, [], { execArgv: process.execArgv });
  return {
    run: async (load) => {
      child.send(load);
      const [answered]: [Answered] = await once(child, "message").then(([message]) => [message]);
      return answered;
    },
    stop: () => child.disconnect(),
  };
}

const goodStart = Buffer.from('{"data":{');
const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = "0\r\n\r\n";

/** A connection that carries one request at a time. */
class Connection {
  readonly #socket: Socket;
  #done: (isGood: boolean) => void = () => undefined;
  #head: Buffer = Buffer.alloc(0);
  #isHeadRead = false;
  #isGood = false;
  #left = 0;
  #tail = "";
  complaint = "";

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1").setNoDelay(true);
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.complaint = "the connection was closed";
      this.#done(false);
    });
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  send(bytes: Buffer): Promise<boolean> {
    this.#head = Buffer.alloc(0);
    this.#isHeadRead = false;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#done = () => undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (!this.#isHeadRead) {
      const text = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = text.indexOf(headEnd);
      const head = end < 0 ? "" : text.toString("latin1", 0, end);
      const length = /content-length: *(\d+)/i.exec(head)?.[1];
      const start = end < 0 ? -1 : text.indexOf("{", end);
      // The head and the beginning of the body are read together.
      if (end < 0 || (length !== "0" && (start < 0 || text.length < start + goodStart.length))) {
        this.#head = text;
        return;
      }
      this.#isHeadRead = true;
      const isData = text.subarray(start, start + goodStart.length).equals(goodStart);
      this.#isGood = isData && text.toString("latin1", 9, 12) === "200";
      if (!this.#isGood) {
        const said = text.toString("latin1", 0, 12) + text.toString("latin1", end, end + 300);
        this.complaint = said.replaceAll(/\s+/g, " ");
      }
      this.#left = length === undefined ? Number.NaN : Number(length) - (text.length - end - 4);
      this.#tail = text.toString("latin1", Math.max(end, text.length - 5));
    } else {
      this.#left -= chunk.length;
      this.#tail = (this.#tail + chunk.toString("latin1", Math.max(0, chunk.length - 5))).slice(-5);
    }
    const isOver = Number.isNaN(this.#left) ? this.#tail === lastChunk : this.#left <= 0;
    if (isOver) this.#done(this.#isGood);
  }
}

const positions = new Map<string, number>();
let uniques = 0;

/** The bytes of a request. A counter in it makes each one different. */
function bytesOf({ path, headers, body }: HttpRequest): () => Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join("")}content-length: ${length}\r\n\r\n`;
  const bytes = Buffer.from(head + body);
  const at = bytes.indexOf(counter);
  if (at < 0) return () => bytes;
  return () => {
    const copy = Buffer.from(bytes);
    uniques += 1;
    const digits = String(uniques).padStart(9, "0");
    copy.write(digits, at + counter.length - digits.length, "latin1");
    return copy;
  };
}

async function run(load: Load): Promise<Answered> {
  const { name, port, connections, seconds, rate } = load;
  const requests = load.requests.map(bytesOf);
  let position = positions.get(name) ?? 0;
  const next = (): Buffer => {
    position = (position + 1) % requests.length;
    return requests[position]?.() ?? Buffer.alloc(0);
  };
  const times: number[] = [];
  let bad = 0;
  let complaint = "";
  const ask = async (connection: Connection, due: number): Promise<Connection> => {
    const isGood = await connection.send(next());
    if (isGood) times.push(performance.now() - due);
    else {
      bad += 1;
      if (complaint === "") complaint = connection.complaint;
    }
    return connection.isClosed ? new Connection(port) : connection;
  };
  const all = Array.from({ length: connections }, () => new Connection(port));
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const end = began + seconds * 1_000;
  if (rate === null) {
    const client = async (first: Connection): Promise<void> => {
      let connection = first;
      for (let now = began; now < end; now = performance.now()) {
        connection = await ask(connection, now);
      }
      connection.close();
    };
    await Promise.all(all.map(client));
  } else {
    const idle = [...all];
    const waiting: number[] = [];
    const asked = new Set<Promise<void>>();
    const start = (): void => {
      for (let due = waiting[0]; due !== undefined && idle.length > 0; due = waiting[0]) {
        const last = idle.pop();
        if (last === undefined) return;
        // Servers close connections after some idle seconds.
        const connection = last.isClosed ? new Connection(port) : last;
        waiting.shift();
        const answered = ask(connection, due).then((free) => {
          idle.push(free);
          asked.delete(answered);
          start();
        });
        asked.add(answered);
      }
    };
    for (let sent = 0; performance.now() < end; await sleep(1)) {
      const due = ((performance.now() - began) / 1_000) * rate;
      for (; sent < due; sent += 1) waiting.push(began + (sent / rate) * 1_000);
      start();
    }
    while (asked.size > 0) await Promise.race(asked);
    for (const connection of idle) connection.close();
  }
  const took = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  positions.set(name, position);
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    good: times.length,
    bad,
    seconds: took,
    cpu: (user + system) / 1_000,
    p50: at(0.5),
    p99: at(0.99),
    complaint,
  };
}

if (import.meta.main) {
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", (load: Load) => {
    void run(load).then((answered) => process.send?.(answered));
  });
}
