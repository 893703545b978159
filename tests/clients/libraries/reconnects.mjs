// SPDX-License-Identifier: Apache-2.0
// Clients of Redis that come back after their connection was cut, with the
// pauses that are documented as their defaults, and one that does not.
import Redis from "ioredis";
import {createClient} from "redis";

function ioredis(options) {
  return (api) => {
    const {hostname, port} = new URL(api);
    const client = new Redis(Number(port), hostname, options);
    client.on("error", () => {});
    return (path) => client.get(path);
  };
}

export const clients = {
  "ioredis": ioredis({}),
  "ioredis linear": ioredis(
      {retryStrategy: (times) => Math.min(times * 50, 2000)}),
  "ioredis slow": ioredis(
      {retryStrategy: (times) => Math.min(times * 300, 2000)}),
  "ioredis never": ioredis({retryStrategy: () => null}),
  "redis": async (api) => {
    const client = createClient({url: api});
    client.on("error", () => {});
    await client.connect();
    return (path) => client.get(path);
  },
};
