import type { WebSocket } from "ws";
import { patienceFor } from "../../limits/event-stream.ts";

/** How often an idle connection is looked after: by a ping that its program sees, and by one that its socket answers. */
const aliveMilliseconds = 15_000;
/** The number of unread bytes at which the client is not read any more. */
const mostUnread = 1_000_000;

const ping = JSON.stringify({ type: "ping" });

/** What is written to one WebSocket, and for how long its client may leave it unread. */
export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #alive: NodeJS.Timeout;
  #unread = 0;
  #deaf: NodeJS.Timeout | null = null;
  #isAnswered = true;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("pong", () => {
      this.#isAnswered = true;
    });
    this.#alive = setInterval(() => this.#look(), aliveMilliseconds);
    socket.once("close", () => {
      clearInterval(this.#alive);
      this.#wait();
    });
  }

  /** Resolves when the text has left, or will never leave. */
  send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    const bytes = Buffer.byteLength(text);
    this.#unread += bytes;
    if (this.#deaf === null) this.#wait();
    if (this.#unread > mostUnread) socket.pause();
    return new Promise((resolve) => {
      // A failure closes the connection, which ends all that is sent on it.
      socket.send(text, () => {
        this.#unread -= bytes;
        if (this.#unread <= mostUnread && socket.isPaused) socket.resume();
        this.#wait();
        resolve();
      });
    });
  }

  /** Begins to wait anew for what is left, since something has been taken. */
  #wait(): void {
    if (this.#deaf !== null) clearTimeout(this.#deaf);
    const socket = this.#socket;
    const waits = this.#unread > 0 && socket.readyState === socket.OPEN;
    const give = () => socket.terminate();
    this.#deaf = waits ? setTimeout(give, patienceFor(this.#unread)) : null;
  }

  #look(): void {
    const socket = this.#socket;
    if (!this.#isAnswered) return socket.terminate();
    this.#isAnswered = false;
    socket.ping();
    void this.send(ping);
  }
}
