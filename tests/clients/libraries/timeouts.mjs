// SPDX-License-Identifier: Apache-2.0
// Clients that give up waiting, as their documentation says it, and without.
import axios from "axios";
import got from "got";
import ky from "ky";
import superagent from "superagent";
import * as undici from "undici";

const gotWith = (timeout) => (api) => (path) => got(api + path,
    {timeout, retry: {limit: 0}});
const superagentWith = (timeout) => (api) => (path) =>
    superagent.get(api + path).timeout(timeout);

function undiciWith(options) {
  const dispatcher = new undici.Agent(options);
  return (api) => async (path) => {
    const answer = await undici.request(api + path, {dispatcher});
    return answer.body.text();
  };
}

export const clients = {
  "fetch": (api) => async (path) => (await fetch(api + path)).text(),
  "fetch signal": (api) => async (path) => (await fetch(api + path,
      {signal: AbortSignal.timeout(1000)})).text(),
  "axios": (api) => (path) => axios.get(api + path),
  "axios timeout": (api) => (path) => axios.get(api + path, {timeout: 1000}),
  "got request": gotWith({request: 1000}),
  "got response": gotWith({response: 1000}),
  "ky": (api) => (path) => ky(api + path, {timeout: 1000, retry: 0}).text(),
  "superagent deadline": superagentWith({deadline: 1200}),
  "superagent response": superagentWith({response: 1000}),
  "undici headers": undiciWith({headersTimeout: 1000}),
};
