// SPDX-License-Identifier: Apache-2.0
// A client of gRPC for Node.js (npm's @grpc/grpc-js), driven as the client of
// tests/clients/grpc_peer.py is:
//
//	node client.js FOLDER PORT	FOLDER holds node_modules
"use strict";

const path = require("path");
const readline = require("readline");

const folder = path.resolve(process.argv[2]);
const grpc = require(path.join(folder, "node_modules", "@grpc/grpc-js"));

const bare = (message) => message;
const names = Object.fromEntries(
	Object.entries(grpc.status).map(([name, code]) => [code, name]));

// Makes one call; done(error) is called once.
function begin(client, c, onMessage, done) {
	const method = `/test.Echo/${c.call}`;
	const body = Buffer.alloc(c.size ?? 10, "x");
	const deadline = Date.now() + 1000 * (c.timeout ?? 10);
	const options = { deadline };
	const meta = new grpc.Metadata();

	if (c.call === "Stream" || c.call === "Chat") {
		const call = c.call === "Stream"
			? client.makeServerStreamRequest(method, bare, bare,
				body, meta, options)
			: client.makeBidiStreamRequest(method, bare, bare,
				meta, options);
		let error = null;

		call.on("data", onMessage);
		call.on("error", (e) => { error = e; });
		call.on("status", () => setImmediate(() => done(error)));
		if (c.call === "Chat") {
			for (let i = 0; i < (c.count ?? 3); i++)
				call.write(body);
			call.end();
		}
		return;
	}
	const reply = (error, message) => {
		if (!error)
			onMessage(message);
		done(error);
	};
	if (c.call === "Collect") {
		const call = client.makeClientStreamRequest(method, bare, bare,
			meta, options, reply);

		for (let i = 0; i < (c.count ?? 3); i++)
			call.write(body);
		call.end();
	} else {
		client.makeUnaryRequest(method, bare, bare, body, meta,
			options, reply);
	}
}

function run(c) {
	return new Promise((resolve) => {
		const result = { code: "OK", details: "", messages: 0, bytes: 0 };
		const client = new grpc.Client(
			`127.0.0.1:${process.argv[3]}`,
			grpc.credentials.createInsecure(),
			{ "grpc.enable_retries": 0,
				"grpc.initial_reconnect_backoff_ms": 100 });

		begin(client, c, (message) => {
			result.messages++;
			result.bytes += message.length;
		}, (error) => {
			if (error) {
				result.code = names[error.code];
				result.details = error.details;
			}
			client.close();
			resolve(result);
		});
	});
}

async function main() {
	for await (const line of readline.createInterface(
		{ input: process.stdin }))
		console.log(JSON.stringify(await run(JSON.parse(line))));
}

main();
