// SPDX-License-Identifier: Apache-2.0
// Drives toxiproxy-node-client against a running faultwire and measures on the
// wire what it asked for.
//
//	node client.js FOLDER API-URL
//
// FOLDER holds node_modules. Prints a JSON line for each step: its name, and
// its error if it failed.
"use strict";

const assert = require("node:assert");
const net = require("node:net");
const path = require("node:path");

const [folder, url] = process.argv.slice(2);
const {Toxiproxy} = require(
    path.join(folder, "node_modules", "toxiproxy-node-client"));
const toxiproxy = new Toxiproxy(url);
const LATE_MS = 6000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// --- both ends of a proxy

let upstream; // an echo server; its side of connections is in `accepted`
let accepted = [];

function startUpstream() {
  upstream = net.createServer({allowHalfOpen: true}, (socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => socket.write(data));
    socket.on("end", () => socket.end());
  });
  return new Promise((done) => upstream.listen(0, "127.0.0.1", done));
}

const upstreamAddress = () => `127.0.0.1:${upstream.address().port}`;
const portOf = (proxy) => Number(proxy.listen.split(":").pop());

// A client's connection that remembers what happened to it.
class Line {
  constructor(port) {
    this.data = Buffer.alloc(0);
    this.ended = null; // "fin", "rst", "refused"
    this.waiting = () => {};
    this.socket = net.connect(port, "127.0.0.1");
    this.socket.on("data", (data) => {
      this.data = Buffer.concat([this.data, data]);
      this.waiting();
    });
    this.socket.on("end", () => this.end("fin"));
    this.socket.on("error", (e) => this.end(
        {ECONNRESET: "rst", ECONNREFUSED: "refused"}[e.code] || e.code));
  }

  end(how) {
    this.ended = this.ended || how;
    this.waiting();
  }

  // Milliseconds until that is true.
  async until(condition, within = 20000) {
    const begin = performance.now();
    while (!condition()) {
      assert(performance.now() - begin < within, "it did not come in time");
      await new Promise((done) => {
        this.waiting = done;
        setTimeout(done, 50);
      });
    }
    return performance.now() - begin;
  }

  // Sends, and waits for the echo.
  async echo(data = "ping") {
    const want = this.data.length + data.length;
    this.socket.write(data);
    return await this.until(() => this.data.length >= want);
  }

  async closed(how) {
    const took = await this.until(() => this.ended !== null);
    assert.strictEqual(this.ended, how);
    return took;
  }

  close() {
    this.socket.destroy();
  }
}

function took(ms, least) {
  assert(ms >= least - 2, `${ms} ms, too early`);
  assert(ms <= least + LATE_MS, `${ms} ms, too late`);
}

// --- helpers over the client

let count = 0;

async function fresh() {
  return await toxiproxy.createProxy({
    name: `node-${++count}`, listen: "localhost:0",
    upstream: upstreamAddress()});
}

// A toxic on a fresh proxy, a connection through it, and what to do with it.
async function withToxic(type, attributes, use, stream = "downstream") {
  const proxy = await fresh();
  const toxic = await proxy.addToxic({type, attributes, stream});
  assert.strictEqual(toxic.name, `${type}_${stream}`);
  assert.strictEqual(toxic.type, type);
  assert.strictEqual(toxic.stream, stream);
  assert.strictEqual(toxic.toxicity, 1);
  assert.deepStrictEqual(toxic.attributes, attributes);
  assert.deepStrictEqual(
      (await proxy.getToxic(toxic.name)).toJson(), toxic.toJson());
  const line = new Line(portOf(proxy));
  await use(line, toxic, proxy);
  line.close();
  await proxy.remove();
}

async function fails(promise, status) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(error.message,
        `Request failed with status code ${status}`);
    return true;
  });
}

// --- the steps

const steps = {
  async version() {
    const text = await toxiproxy.getVersion();
    assert.match(JSON.parse(text).version, /^2\.\d+\.\d+$/);
  },

  async create() {
    const proxy = await fresh();
    assert.strictEqual(proxy.upstream, upstreamAddress());
    assert.strictEqual(proxy.enabled, true);
    const line = new Line(portOf(proxy));
    await line.echo();
    line.close();
    const again = await toxiproxy.get(proxy.name);
    assert.deepStrictEqual(again.toJson(), proxy.toJson());
    assert.deepStrictEqual(Object.keys(await toxiproxy.getAll()),
        [proxy.name]);
    await fails(toxiproxy.createProxy(proxy.toJson()), 409);
    await fails(toxiproxy.get("nobody"), 404);
    await proxy.remove();
    await fails(proxy.remove(), 404);
    const refused = new Line(portOf(proxy));
    await refused.closed("refused");
  },

  async populate() {
    const body = ["b", "a"].map((name) => ({
      name, listen: "localhost:0", upstream: upstreamAddress()}));
    const made = await toxiproxy.populate(body);
    assert.deepStrictEqual(Object.keys(made), ["b", "a"]);
    for (const proxy of Object.values(made)) {
      const line = new Line(portOf(proxy));
      await line.echo();
      line.close();
      await proxy.remove();
    }
    await fails(toxiproxy.populate([{name: "x"}]), 400);
  },

  async latency() {
    await withToxic("latency", {latency: 150, jitter: 0}, async (line) => {
      took(await line.echo(), 150);
      took(await line.echo(), 150);
    });
  },

  async bandwidth() {
    await withToxic("bandwidth", {rate: 100}, async (line) => {
      took(await line.echo(Buffer.alloc(20000, "x")), 200);
    });
  },

  async "bandwidth 0, released by removal"() {
    await withToxic("bandwidth", {rate: 0}, async (line, toxic) => {
      line.socket.write("held");
      await sleep(100);
      assert.strictEqual(line.data.length, 0);
      await toxic.remove();
      await line.until(() => line.data.toString() === "held");
    }, "upstream");
  },

  async slow_close() {
    await withToxic("slow_close", {delay: 200}, async (line) => {
      await line.echo();
      line.socket.end();
      took(await line.closed("fin"), 200);
    });
  },

  async timeout() {
    await withToxic("timeout", {timeout: 200}, async (line) => {
      line.socket.write("lost");
      took(await line.closed("fin"), 195);
      assert.strictEqual(line.data.length, 0);
    });
  },

  async "timeout 0, closed by removal"() {
    await withToxic("timeout", {timeout: 0}, async (line, toxic) => {
      line.socket.write("lost");
      await sleep(50);
      assert.strictEqual(line.ended, null);
      await toxic.remove();
      await line.closed("fin");
    });
  },

  async reset_peer() {
    await withToxic("reset_peer", {timeout: 0}, async (line) => {
      line.socket.write("x");
      await line.closed("rst");
    });
  },

  async slicer() {
    const attributes = {
      average_size: 10, size_variation: 5, delay: 2000};
    await withToxic("slicer", attributes, async (line) => {
      took(await line.echo(Buffer.alloc(300, "x")), 19 * 2);
    });
  },

  async limit_data() {
    await withToxic("limit_data", {bytes: 42}, async (line) => {
      line.socket.write(Buffer.alloc(100, "x"));
      await line.closed("fin");
      assert.strictEqual(line.data.length, 42);
    });
  },

  async "update of a toxic"() {
    await withToxic("latency", {latency: 9000, jitter: 0},
        async (line, toxic) => {
          const now = await toxic.update(
              {attributes: {latency: 60, jitter: 0}});
          assert.deepStrictEqual(now.attributes, {latency: 60, jitter: 0});
          took(await line.echo(), 60);
          const half = await toxic.update({toxicity: 0.5});
          assert.strictEqual(half.toxicity, 0.5);
        });
  },

  async "toggling, and update of a proxy"() {
    const proxy = await fresh();
    const line = new Line(portOf(proxy));
    await line.echo();
    const off = await proxy.update({...proxy.toJson(), enabled: false});
    assert.strictEqual(off.enabled, false);
    await line.closed("fin");
    await new Line(portOf(proxy)).closed("refused");
    const on = await proxy.update({...proxy.toJson(), enabled: true});
    assert.deepStrictEqual(on.toJson(), proxy.toJson());
    const again = new Line(portOf(proxy));
    await again.echo();
    again.close();
    await fails(proxy.update({listen: "nowhere"}), 500);
    await proxy.remove();
  },

  async "mistakes"() {
    const proxy = await fresh();
    const good = {type: "latency", attributes: {latency: 1, jitter: 0}};
    await proxy.addToxic(good);
    await fails(proxy.addToxic(good), 409);
    await fails(proxy.addToxic({...good, type: "down"}), 400);
    await fails(proxy.addToxic({...good, stream: "sideways"}), 400);
    await fails(proxy.getToxic("nobody"), 404);
    await proxy.remove();
  },

  async reset() {
    const proxy = await fresh();
    await proxy.addToxic(
        {type: "latency", attributes: {latency: 60000, jitter: 0}});
    await proxy.update({...proxy.toJson(), enabled: false});
    await toxiproxy.reset();
    const line = new Line(portOf(proxy));
    await line.echo();
    line.close();
    await fails(proxy.getToxic("latency_downstream"), 404);
    await proxy.remove();
  },
};

async function main() {
  await startUpstream();
  for (const [name, step] of Object.entries(steps)) {
    let error = null;
    try {
      await step();
    } catch (e) {
      error = e.stack || String(e);
    }
    console.log(JSON.stringify({name, error}));
  }
  process.exit(0);
}

main();
