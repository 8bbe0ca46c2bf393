// Requests at a rate of its own, whatever comes back (open loop), from a process of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Load = {
  readonly port: number;
  readonly keys: readonly string[];
  readonly body: string;
  readonly seconds: number;
  /** Requests a second; null sends the next when the last one is answered (closed loop). */
  readonly rate: number | null;
  /** The most connections. */
  readonly connections: number;
};

/** Milliseconds of each answer, by status; 0 stands for no answer, or no connection left to ask with. */
export type Answered = Readonly<Record<number, readonly number[]>>;

/** Puts load on a gateway until the time is over or the signal comes, and gives the answers by status. */
export async function generateLoad(load: Load, signal?: AbortSignal): Promise<Answered> {
  const child = fork(import.meta.filename, [], { execArgv: process.execArgv });
  child.send(load);
  const stop = (): void => void child.send("stop", () => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  const [answered]: [Answered] = await once(child, "message").then(([message]) => [message]);
  signal?.removeEventListener("abort", stop);
  child.disconnect();
  return answered;
}

/** A connection that carries one request at a time; hardly any CPU, which the gateway needs. */
class Connection {
  /** The gateway closes those that were idle for some seconds. */
  isClosed = false;
  readonly #socket: Socket;
  #done: (status: number) => void = () => undefined;
  #status = 0;
  #left = 0;
  #tail = "";

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1").setNoDelay(true);
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", () => this.#done(0));
    this.#socket.on("close", () => {
      this.isClosed = true;
      this.#done(0);
    });
  }

  send(bytes: Buffer): Promise<number> {
    this.#status = 0;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#status === 0) {
      // The head comes in one piece.
      const text = chunk.toString("latin1");
      const head = text.indexOf("\r\n\r\n") + 4;
      this.#status = Number(text.slice(9, 12));
      const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
      this.#left = length === undefined ? Number.NaN : Number(length) - (chunk.length - head);
      this.#tail = text.slice(head).slice(-5);
    } else {
      this.#left -= chunk.length;
      this.#tail = (this.#tail + chunk.toString("latin1", Math.max(0, chunk.length - 5))).slice(-5);
    }
    const isOver = Number.isNaN(this.#left) ? this.#tail === "0\r\n\r\n" : this.#left <= 0;
    if (isOver) this.#done(this.#status);
  }
}

async function run(load: Load, stopped: AbortSignal): Promise<Answered> {
  const { port, keys, body, seconds, rate, connections } = load;
  const requests = keys.map((key) =>
    Buffer.from(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Api-Key: ${key}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const idle: Connection[] = [];
  const all: Connection[] = [];
  const answered: Record<number, number[]> = {};
  let count = 0;
  let busy = 0;
  const ask = async (): Promise<void> => {
    const began = performance.now();
    // The one that has rested longest: of as many people each asks in turn.
    let connection = idle.shift();
    while (connection?.isClosed === true) connection = idle.shift();
    if (connection === undefined) {
      connection = new Connection(port);
      all.push(connection);
    }
    count += 1;
    busy += 1;
    const status = await connection.send(requests[count % keys.length] ?? Buffer.alloc(0));
    busy -= 1;
    (answered[status] ??= []).push(performance.now() - began);
    if (status !== 0) idle.push(connection);
  };
  if (rate !== null) {
    // A busy Node accepts one connection in a turn of its loop: that is not what is measured here.
    for (let opened = 0; opened < connections; opened += 10) {
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const connection = new Connection(port);
          all.push(connection);
          await connection.send(requests[opened % keys.length] ?? Buffer.alloc(0));
          idle.push(connection);
        }),
      );
    }
  }
  const began = performance.now();
  const end = began + seconds * 1_000;
  if (rate === null) {
    const client = async (): Promise<void> => {
      while (performance.now() < end && !stopped.aborted) await ask();
    };
    await Promise.all(Array.from({ length: connections }, client));
  } else {
    const asked: Promise<void>[] = [];
    for (let sent = 0; performance.now() < end && !stopped.aborted;) {
      const due = ((performance.now() - began) / 1_000) * rate;
      for (; sent < due; sent += 1) {
        if (busy < connections) asked.push(ask());
        else (answered[0] ??= []).push(0);
      }
      await sleep(1);
    }
    await Promise.all(asked);
  }
  for (const connection of all) connection.close();
  return answered;
}

if (import.meta.main) {
  const stop = new AbortController();
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  process.once("message", (load: Load) => {
    process.once("message", () => stop.abort());
    void run(load, stop.signal).then((answered) => process.send?.(answered));
  });
}
