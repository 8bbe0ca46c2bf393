import type { LoadGenerator } from "./peers/load.ts";
import type { HttpRequest } from "./peers/requests.ts";

type Asked = {
  readonly title: string;
  readonly load: LoadGenerator;
  readonly requests: readonly HttpRequest[];
  readonly connections: number;
};

/** Requests a second of one gateway. @throws if any of them is not answered with data */
export async function speedOf(
  { title, load, requests, connections }: Asked,
  port: number,
  seconds: number,
): Promise<number> {
  const name = `${title} ${port}`;
  const options = { name, port, requests, connections, seconds, rate: null };
  const { good, bad, seconds: took, complaint } = await load.run(options);
  if (bad > 0) throw new Error(complaint);
  return good / took;
}

/** Requests a second of each gateway in each round: one after the other, round after round. A first round warms up. */
export async function speedsInTurn(
  asked: Asked,
  ports: readonly number[],
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<readonly (readonly number[])[]> {
  const speeds = ports.map((): number[] => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, port] of ports.entries()) {
      const speed = await speedOf(asked, port, seconds);
      if (round >= 0) speeds[index]?.push(speed);
    }
  }
  return speeds;
}
