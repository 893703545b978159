// SPDX-License-Identifier: Apache-2.0
// Services with a circuit breaker, a fallback, a bulkhead or a time-out that
// does not end the call, as documented, and without.
import Brakes from "brakes";
import * as cockatiel from "cockatiel";
import Opossum from "opossum";
import http from "node:http";

const agent = new http.Agent({keepAlive: true});

function plain(url) {
  return new Promise((done, fail) => {
    http.get(url, {agent}, (answer) => {
      let text = "";
      answer.on("data", (piece) => text += piece).on("error", fail);
      answer.on("end", () => answer.statusCode < 500 ? done(text) :
          fail(new Error(`status ${answer.statusCode}`)));
    }).on("error", fail);
  });
}

const policyOf = (policy) => (api) => (path) =>
    policy.execute(() => plain(api + path));
const breakerOf = (breaker) => policyOf(cockatiel.circuitBreaker(
    cockatiel.handleAll, {halfOpenAfter: 2000, breaker}));

function opossumOf(options) {
  return (api) => {
    const breaker = new Opossum((path) => plain(api + path), options);
    return (path) => breaker.fire(path);
  };
}

export const clients = {
  "plain": (api) => (path) => plain(api + path),
  "opossum": opossumOf({timeout: false, errorThresholdPercentage: 50,
    resetTimeout: 2000, rollingCountTimeout: 2000}),
  "opossum timeout": opossumOf({timeout: 1000, volumeThreshold: 10000}),
  "cockatiel consecutive": breakerOf(new cockatiel.ConsecutiveBreaker(5)),
  "cockatiel sampling": breakerOf(new cockatiel.SamplingBreaker(
      {threshold: 0.5, duration: 2000, minimumRps: 2})),
  "brakes": (api) => {
    const brake = new Brakes((path) => plain(api + path), {threshold: 0.5,
      waitThreshold: 10, bucketSpan: 500, bucketNum: 4, circuitDuration: 2000,
      timeout: 15000, isPromise: true});
    return (path) => brake.exec(path);
  },
  "cockatiel fallback": policyOf(cockatiel.fallback(cockatiel.handleAll,
      "cached")),
  "cockatiel bulkhead": policyOf(cockatiel.bulkhead(8)),
};
