/* One SockJS session, which once left is neither heard nor heard of. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;

  var HUSHED = 20;              // JSONP polls that were left and may still come

  /**
   * One SockJS session. `asked` is the transport it stands for, `transport` the one it uses (another when `brief`),
   * `pauses` those between its polls when it is brief, else null. Once left it is deaf and mute.
   */
  function Session(asked, transport, pauses) {
    this.asked = asked;
    this.transport = transport;
    this.pauses = pauses;
    this.brief = pauses !== null;
    this.startedAt = 0;
    this.openedAt = null;
    this.proven = false;
    this.welcomedAt = null;
    this.left = false;
    this.sock = null;
    this.timer = null;
    this.question = null;
  }

  Session.prototype.send = function (text) {
    if (!this.left && this.sock && this.openedAt !== null) {
      TwistedChat.guard("sending", this.sock.send, this.sock, [text]);
      if (this.brief) {
        this.pauses.sent();
      }
    }
  };

  /** Hand over a last message while the page goes away. */
  Session.prototype.sendLast = function (text) {
    var pipe = this.sock && this.sock._transport;
    var base = pipe && this.transport !== "websocket" && (pipe.transUrl || pipe.url);
    var navigator = root.navigator;
    if (base && navigator && navigator.sendBeacon) {
      if (navigator.sendBeacon(base + "/xhr_send", root.JSON.stringify([text]))) {
        return;
      }
    }
    this.send(text);
  };

  var hushed = [];

  /**
   * Close a SockJS session. A JSONP poll cannot be called off: its script still comes, and would not find the callback
   * that sockjs-client has removed from `_jp`; so something that does nothing stands there for a while.
   */
  function closeQuietly(sock) {
    var polls = Object.keys(root._jp || {});
    TwistedChat.guard("closing", sock.close, sock, []);
    polls.forEach(function (name) {
      if (!has(root._jp, name)) {
        root._jp[name] = function () {};
        hushed.push(name);
      }
    });
    while (hushed.length > HUSHED) {
      delete root._jp[hushed.shift()];
    }
  }

  /**
   * Take the frames of sessions with the server at `url` out of the page at once. sockjs-client does so in a later turn,
   * which does not come while the page goes to rest in the back-forward cache; and a frame that loads keeps it out.
   */
  Session.removeFrames = function (url) {
    var link = root.document.createElement("a");
    var frames = root.document.getElementsByTagName("iframe");
    var frame;
    link.href = url + "/";
    for (var i = frames.length - 1; i >= 0; i -= 1) {
      frame = frames[i];
      if (frame.src.indexOf(link.href) === 0) {
        frame.parentNode.removeChild(frame);
      }
    }
  };

  /** Close it and never hear of it again. */
  Session.prototype.leave = function () {
    var sock = this.sock;
    this.left = true;
    this.sock = null;
    if (this.brief) {
      this.pauses.stop();
    }
    if (sock) {
      sock.onopen = sock.onmessage = sock.onheartbeat = sock.onclose = null;
      closeQuietly(sock);
    }
  };

  TwistedChat.Session = Session;
}(this));
