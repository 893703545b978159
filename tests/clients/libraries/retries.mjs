// SPDX-License-Identifier: Apache-2.0
// Clients that retry, as their documentation says it, and without.
import asyncRetry from "async-retry";
import axios from "axios";
import axiosRetry from "axios-retry";
import * as cockatiel from "cockatiel";
import got from "got";
import ky from "ky";
import pRetry from "p-retry";
import * as undici from "undici";

async function plain(url) {
  const answer = await fetch(url);
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`status ${answer.status}`);
  return text;
}

function axiosWith(options) {
  const client = axios.create();
  axiosRetry(client, options);
  return (api) => (path) => client.get(api + path);
}

function cockatielWith(backoff) {
  const policy = cockatiel.retry(cockatiel.handleAll,
      {maxAttempts: 3, backoff});
  return (api) => (path) => policy.execute(() => plain(api + path));
}

function undiciWith(maxRetries) {
  const dispatcher = new undici.RetryAgent(new undici.Agent(),
      {maxRetries, minTimeout: 300, timeoutFactor: 2});
  return (api) => async (path) => {
    const answer = await undici.request(api + path, {dispatcher});
    return answer.body.text();
  };
}

export const clients = {
  "fetch": (api) => (path) => plain(api + path),
  "p-retry": (api) => (path) => pRetry(() => plain(api + path),
      {retries: 3, minTimeout: 300, factor: 2}),
  "p-retry told": (api) => (path) => pRetry(() => plain(api + path),
      {retries: 3, minTimeout: 300, maxTimeout: 600}),
  "p-retry 0": (api) => (path) => pRetry(() => plain(api + path),
      {retries: 0}),
  "async-retry": (api) => (path) => asyncRetry(() => plain(api + path),
      {retries: 3, minTimeout: 200}),
  "axios-retry": axiosWith({retries: 3}),
  "axios-retry exponential": axiosWith({retries: 3,
    retryDelay: (n, error) => axiosRetry.exponentialDelay(n, error, 150)}),
  "axios": axiosWith({retries: 0}),
  "got": (api) => (path) => got(api + path),
  "got told": (api) => (path) => got(api + path),
  "got 0": (api) => (path) => got(api + path, {retry: {limit: 0}}),
  "ky": (api) => (path) => ky(api + path, {retry: 3}).text(),
  "ky 0": (api) => (path) => ky(api + path, {retry: 0}).text(),
  "undici": undiciWith(3),
  "undici 0": undiciWith(0),
  "cockatiel": cockatielWith(new cockatiel.ExponentialBackoff()),
  "cockatiel exponential": cockatielWith(new cockatiel.ExponentialBackoff(
      {initialDelay: 300, generator: cockatiel.noJitterGenerator})),
  "cockatiel constant": cockatielWith(new cockatiel.ConstantBackoff(300)),
};
