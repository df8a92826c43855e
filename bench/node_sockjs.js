"use strict";
// The other side of the comparison: the npm package `sockjs` with its default settings. One room: whatever one connection says,
// every connection gets, the speaker too. Prints its port.
const http = require("http");
const sockjs = require("sockjs");

const room = new Set();
const comet = sockjs.createServer({ prefix: "/comet", log: function () {} });
comet.on("connection", function (connection) {
  if (!connection) { return; }
  room.add(connection);
  connection.on("data", function (message) {
    for (const reader of room) { reader.write(message); }
  });
  connection.on("close", function () { room.delete(connection); });
});

const server = http.createServer();
comet.installHandlers(server);
server.listen(0, "127.0.0.1", function () { console.log("port " + server.address().port); });
process.on("SIGTERM", function () { process.exit(0); });
