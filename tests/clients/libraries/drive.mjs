// SPDX-License-Identifier: Apache-2.0
// Drives clients of npm packages, each over routes of its own.
//
//	node drive.mjs MODULE LANES
//
// MODULE exports `clients`: by name, a function that takes the address of the
// dependency and gives one that asks it for a path. LANES is JSON: a list of
// {client, api, rate}, and of {edge, listen} beside it for a service that
// callers on the edge reach. Prints "ready", and drives them until its input
// ends.
import http from "node:http";

const [module, lanes] = process.argv.slice(2);
const {clients} = await import(`./${module}`);
const agent = new http.Agent({keepAlive: true});

function get(url) {
  return new Promise((done) => {
    http.get(url, {agent}, (answer) => {
      answer.on("error", done).on("end", done).resume();
    }).on("error", done);
  });
}

// A service that answers its callers by asking the dependency.
function serve(ask, port) {
  const server = http.createServer((request, answer) => {
    ask(request.url).then((text) => answer.end(text), () => {
      answer.statusCode = 503;
      answer.end("failed");
    });
  });
  return new Promise((done) => server.listen(port, "127.0.0.1", done));
}

// Open loop: nobody waits for the call before. Not on a lattice: brackets
// could not narrow.
function drive(ask, rate, n = 0) {
  ask(`/row/${n}`).catch(() => {});
  setTimeout(drive, (0.5 + (n * 0.618) % 1) * 1000 / rate, ask, rate, n + 1);
}

process.on("unhandledRejection", () => {});
for (const lane of JSON.parse(lanes)) {
  const ask = await clients[lane.client](lane.api);
  if (lane.listen)
    await serve(ask, lane.listen);
  if (lane.rate)
    drive(lane.edge ? (path) => get(lane.edge + path) : ask, lane.rate);
}
console.log("ready");
process.stdin.resume().on("end", () => process.exit());
