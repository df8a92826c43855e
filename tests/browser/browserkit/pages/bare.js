/* A chat without looks, under the name that our own page gives it: one helper drives both. Parameters as the page's. */
var twistedchatPage = {};

(function () {
  "use strict";
  var asked = new URLSearchParams(location.search);
  var chat = twistedchatPage.chat = new TwistedChat.Chat({
    url: asked.get("comet"), transport: asked.get("transport"), ticketKey: null
  });
  chat.start();
  chat.login(asked.get("name")).addCallback(function () {
    chat.openRoom(asked.get("room"));
  });
}());
