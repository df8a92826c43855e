// Echoes texts through the unmodified sockjs-client over one forced transport; prints what came back as JSON.
// Arguments: folder with node_modules, URL of an echo mount, transport. Texts come as JSON on standard input.
"use strict";
var path = require("path");
var SockJS = require(path.join(process.argv[2], "node_modules", "sockjs-client"));
var input = "";
process.stdin.on("data", function (data) { input += data; });
process.stdin.on("end", function () {
  var texts = JSON.parse(input), back = [];
  var socket = new SockJS(process.argv[3], null, { transports: [process.argv[4]] });
  var transport = null;
  socket.onopen = function () {
    transport = socket.transport;
    texts.forEach(function (text) { socket.send(text); });
  };
  socket.onmessage = function (event) {
    back.push(event.data);
    if (back.length === texts.length) { socket.close(); }
  };
  socket.onclose = function (event) {
    process.stdout.write(JSON.stringify({ transport: transport, back: back, code: event.code }), function () {
      process.exit(0);
    });
  };
});
