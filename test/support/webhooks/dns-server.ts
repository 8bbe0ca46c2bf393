import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";
import { promises as dns } from "node:dns";
import ipaddr from "ipaddr.js";
import type { Resolver } from "../../../src/webhooks/target/lookup.ts";

/** Addresses by name; of a list of lists the next one each time that the name's A records are asked for. */
export type Zone = Map<string, readonly (readonly string[])[]>;

/** A DNS server on this machine. */
export type DnsServer = {
  /** Asks this server alone. */
  readonly resolver: Resolver;
  /** How often a name's A records were asked for. */
  asked(name: string): number;
  stop(): void;
};

/** Starts one; it answers what it does not know with NXDOMAIN. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const counts = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, { address, port }) => {
    const { name, type, end } = questionOf(query);
    const steps = zone.get(name);
    if (type === 1) counts.set(name, (counts.get(name) ?? 0) + 1);
    const step = Math.max(0, (counts.get(name) ?? 1) - 1);
    const addresses = steps?.[step] ?? steps?.at(-1) ?? [];
    const records = addresses
      .filter((one) => (isIPv4(one) ? type === 1 : type === 28))
      .map((one) => recordOf(ipaddr.parse(one).toByteArray(), type));
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(steps === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(records.length, 6);
    // What was asked beside the question (EDNS) is left out of the answer.
    head.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const resolver = new dns.Resolver({ timeout: 60_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolver,
    asked: (name) => counts.get(name) ?? 0,
    stop: () => void socket.close(),
  };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A record of the question's name, with a time to live of 0. */
function recordOf(bytes: readonly number[], type: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, Buffer.from(bytes)]);
}
