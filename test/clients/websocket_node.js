/* What Node's ws says of the server: node websocket_node.js PORT */
"use strict";
const assert = require("node:assert");
const WebSocket = require("ws");

const base = `ws://127.0.0.1:${process.argv[2]}`;
const failed = (error) => { console.error(error); process.exit(1); };
process.on("uncaughtException", failed);
setTimeout(() => failed("it takes too long"), 60000).unref();

/* Opens one, says each of these, gets them back; then closes. */
function echoes(path, said, options) {
  return new Promise((resolve) => {
    const ws = new WebSocket(base + path, ["b"], options);
    const got = [];
    ws.on("open", () => said.forEach((one) => ws.send(one)));
    ws.on("message", (data, binary) => {
      got.push(binary === false || typeof data === "string" ?
        data.toString() : data);
      if (got.length === said.length) ws.close(3002, "done");
    });
    ws.on("error", failed);
    ws.on("close", (code) => {
      assert.deepStrictEqual(got, said);
      assert.strictEqual(code, 3002);
      assert.strictEqual(ws.protocol, "b");
      resolve(ws.extensions);
    });
  });
}

(async () => {
  const text = ["one", "", "h\u00e4", "y".repeat(300000)];
  assert.match(await echoes("/echo", text, {}), /permessage-deflate/);
  assert.strictEqual(await echoes("/echo", text,
    { perMessageDeflate: false }), "");
  await echoes("/echo_binary", [Buffer.from([0, 1, 255]),
    Buffer.alloc(70000, 7)], {});
})().catch(failed);
