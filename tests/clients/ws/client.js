// SPDX-License-Identifier: Apache-2.0
// A client of ws, the WebSocket of Node.js, driven over pipes as the one in
// tests/clients/ws_peer.py is.
//
//	node client.js FOLDER PORT	FOLDER: whose node_modules have ws
"use strict";

const path = require("path");
const readline = require("readline");

const [folder, port] = process.argv.slice(2);
const WebSocket = require(path.join(folder, "node_modules", "ws"));

function talk(task) {
  return new Promise((resolve) => {
    const got = [];
    const begun = Date.now();
    let status = 0;
    let over = false;
    let timer = null;
    const ws = new WebSocket(`ws://127.0.0.1:${port}${task.path || "/"}`, {
      perMessageDeflate: task.compress || false,
    });

    function done(fields) {
      if (over) return;
      over = true;
      clearTimeout(timer);
      ws.terminate();
      resolve({ got, code: null, reason: "", status,
        seconds: (Date.now() - begun) / 1000, ...fields });
    }
    function quiet() {
      clearTimeout(timer);
      timer = setTimeout(() => done({}), task.quiet * 1000);
    }
    quiet();
    ws.on("unexpected-response", (_, reply) =>
      done({ status: reply.statusCode }));
    ws.on("error", () => {
      if (ws.readyState === WebSocket.CONNECTING) done({ status: 0 });
    });
    ws.on("open", () => {
      status = 101;
      for (let n = 0; n < task.count; n++) {
        ws.send(`${n}:`.padEnd(task.size || 4, "x"));
      }
    });
    ws.on("message", (data) => {
      got.push(parseInt(data.toString(), 10));
      quiet();
      if (got.length === task.enough) done({});
    });
    ws.on("close", (code, reason) => done({ code, reason: reason.toString() }));
  });
}

const lines = readline.createInterface({ input: process.stdin });
let last = Promise.resolve();
lines.on("line", (line) => {
  last = last.then(() => talk(JSON.parse(line)))
    .then((said) => console.log(JSON.stringify(said)));
});
lines.on("close", () => last.then(() => process.exit(0)));
