/* One page's live client: hello, resume, the basket, and the parts that each message goes to. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var has = TwistedChat.has;
  var log = TwistedChat.log;
  var guard = TwistedChat.guard;

  var ACK_SPREAD_MS = 10000;
  var ACK_AT_ONCE = 32;
  var AT_MS = 25000;
  var AT_LEAST_MS = 10000;        // "brief" polls bring a heartbeat or more a second

  function LiveClient(options) {
    this.options = options;
    this.clock = options.clock || TwistedChat.clock;
    this.random = options.random || Math.random;
    this.comet = new TwistedChat.Comet(options, this.handler());
    this.channels = new TwistedChat.Channels(this);
    this.lastCall = 0;
    this.begin();
  }
  TwistedChat.eventful(LiveClient);

  /** What comet tells, see `TwistedChat.Comet`. */
  LiveClient.prototype.handler = function () {
    var self = this;
    return {
      opened: function (session) { self.opened(session); },
      message: function (session, text) { self.message(text); },
      heartbeat: function () { self.heartbeat(); },
      closed: function () { self.closed(); },
      stopped: function (code, reason) { self.finish(reason || String(code)); },
      leaving: function (session) { session.sendLast(root.JSON.stringify(["bye"])); },
      status: function (status) { self.emit("status", status); }
    };
  };

  /** A new live client as the server will see it. */
  LiveClient.prototype.begin = function () {
    this.id = TwistedChat.randomId(26, this.random);
    this.secret = TwistedChat.randomId(32, this.random);
    this.n = 0;
    this.server = null;         // the id of the server's process, by its last welcome
    this.life = null;           // which life of this client the server told of in its last welcome
    this.session = null;
    this.ready = false;
    this.over = false;
    this.statedAt = 0;
    this.atTimer = null;
    this.ackTimer = null;
    this.forget();
  };

  LiveClient.prototype.forget = function () {
    this.basket = new TwistedChat.Basket();
    this.calls = new TwistedChat.Calls(this);
    this.elements = new TwistedChat.Elements(this);
  };

  LiveClient.prototype.status = function () {
    return this.comet.last;
  };

  LiveClient.prototype.start = function () {
    if (this.over) {
      this.begin();
    }
    this.comet.start();
  };

  LiveClient.prototype.use = function (transport) {
    this.comet.use(transport);
  };

  LiveClient.prototype.cut = function () {
    this.comet.cut();
  };

  LiveClient.prototype.now = function () {
    if (this.over) {
      this.start();
    } else {
      this.comet.now();
    }
  };

  LiveClient.prototype.close = function () {
    if (this.over) {
      return;
    }
    if (this.ready) {
      this.session.sendLast(root.JSON.stringify(["bye"]));
    }
    this.comet.close();
    this.finish("closed");
  };

  // --- what comet tells ----------------------------------------------------------------------------------------------

  LiveClient.prototype.opened = function (session) {
    this.session = session;
    this.ready = false;
    this.n += 1;
    var hello = {
      v: 1, client: this.id, secret: this.secret, n: this.n, ack: this.basket.had, at: this.channels.positions(),
      root: this.options.root || "chat", args: this.options.args || {}
    };
    if (this.life !== null) {
      hello.life = this.life;
    }
    session.send(root.JSON.stringify(["hello", hello]));
  };

  LiveClient.prototype.message = function (text) {
    var message;
    try {
      message = root.JSON.parse(text);
    } catch (error) {
      log("not JSON from the server");
      return;
    }
    if (Array.isArray(message) && typeof message[0] === "number") {
      this.packet(message);
    } else if (Array.isArray(message) && has(MESSAGES, message[0])) {
      MESSAGES[message[0]].call(this, message.slice(1));
    }
  };

  /** Hand a message's arguments to a part of this client. */
  function to(part, method) {
    return function (args) { this[part][method].apply(this[part], args); };
  }

  var MESSAGES = {
    "welcome": function (args) { this.welcomed(args[0]); },
    "joined": to("channels", "answered"), "left": to("channels", "wasLeft"), "reset": to("channels", "wasReset"),
    "event": to("channels", "event"), "presence": to("channels", "presence"), "hint": to("channels", "hint")
  };

  LiveClient.prototype.heartbeat = function () {
    if (this.ready && this.clock.now() - this.statedAt >= AT_LEAST_MS) {
      this.state();
    }
  };

  LiveClient.prototype.closed = function () {
    this.session = null;
    this.ready = false;
    this.quiet();
  };

  LiveClient.prototype.quiet = function () {
    this.clock.clearTimeout(this.atTimer);
    this.clock.clearTimeout(this.ackTimer);
    this.atTimer = this.ackTimer = null;
  };

  /** It is over for good: pending calls end unknown, widgets are told. */
  LiveClient.prototype.finish = function (reason) {
    if (this.over) {
      return;
    }
    this.over = true;
    this.session = null;
    this.ready = false;
    this.quiet();
    this.drop(reason);
    this.channels.end();
  };

  /** End what belongs to one life of the live client. */
  LiveClient.prototype.drop = function (reason) {
    var calls = this.calls;
    var elements = this.elements;
    this.forget();
    elements.end(reason);
    calls.end();
  };

  // --- hello and what follows ----------------------------------------------------------------------------------------

  LiveClient.prototype.welcomed = function (welcome) {
    if (this.life !== null && !welcome.resumed) {
      this.drop("The server began anew");
    }
    this.ready = true;
    this.life = welcome.life;
    this.server = welcome.server;
    this.carryOn(welcome.ack);
    this.comet.welcomed(this.session);
    this.channels.welcomed(!!welcome.resumed);
    this.stateLater();
    this.emit("welcome", { resumed: !!welcome.resumed });
  };

  LiveClient.prototype.carryOn = function (ack) {
    if (!this.basket.acknowledged(ack)) {
      log("the server acknowledges what was never sent");
    }
    this.basket.again().forEach(function (packet) { this.session.send(packet); }, this);
  };

  LiveClient.prototype.say = function (message) {
    if (this.ready) {
      this.session.send(root.JSON.stringify(message));
    }
  };

  // --- the basket ------------------------------------------------------------------------------------------------------

  /** Put an action into the basket; false when it is full. */
  LiveClient.prototype.put = function (action, args) {
    var item = this.over ? null : this.basket.put([action, args]);
    if (item !== null && this.ready) {
      this.clearAck();
      this.session.send(this.basket.packet([item]));
    }
    return item !== null;
  };

  LiveClient.prototype.clearAck = function () {
    this.clock.clearTimeout(this.ackTimer);
    this.ackTimer = null;
  };

  LiveClient.prototype.packet = function (packet) {
    var session = this.session;
    if (!this.ready) {
      return;
    }
    if (!this.basket.acknowledged(packet[0])) {
      this.comet.resume("a wrong acknowledgement");
      return;
    }
    (packet[1] || []).forEach(function (item) {
      if (this.session === session) {
        this.take(item);
      }
    }, this);
    if (this.session === session) {
      this.acknowledge();
    }
  };

  LiveClient.prototype.take = function (item) {
    var basket = this.basket;
    if (item[0] <= basket.had) {
      basket.owed += 1;
      return;
    }
    if (item[0] !== basket.had + 1) {
      this.comet.resume("messages are missing");
      return;
    }
    basket.had = item[0];
    basket.owed += 1;
    if (has(ACTIONS, item[1][0])) {
      guard("the action " + item[1][0], ACTIONS[item[1][0]], this, [item[1][1]]);
    }
  };

  var ACTIONS = {
    "call": to("calls", "onCall"), "respond": to("calls", "onRespond"), "cancel": to("calls", "onCancel"),
    "notify": to("calls", "onNotify"), "element": to("elements", "add"), "detach": to("elements", "detach"),
    "close": function (args) { this.onClose(args[0]); }
  };

  LiveClient.prototype.acknowledge = function () {
    var self = this;
    if (this.basket.owed >= ACK_AT_ONCE) {
      this.pureAck();
    } else if (this.basket.owed > 0 && this.ackTimer === null) {
      this.ackTimer = this.clock.setTimeout(function () { self.pureAck(); }, this.random() * ACK_SPREAD_MS);
    }
  };

  LiveClient.prototype.pureAck = function () {
    this.clearAck();
    if (this.ready && this.basket.owed > 0) {
      this.session.send(this.basket.packet([]));
    }
  };

  LiveClient.prototype.onClose = function (reason) {
    this.pureAck();
    this.comet.halt();
    this.comet.tell("closed", { code: 4007, reason: reason });
    this.finish(reason);
  };

  // --- what a page asks for ------------------------------------------------------------------------------------------

  LiveClient.prototype.join = function (name, handler) {
    this.channels.join(name, handler);
  };

  LiveClient.prototype.leave = function (name) {
    this.channels.leave(name);
  };

  /** With the option `holdJoins`, ask for the channels now (for a root that wants a login first). */
  LiveClient.prototype.rejoin = function () {
    this.channels.rejoin();
  };

  LiveClient.prototype.callRemote = function (element, method, args) {
    return this.calls.call(element, method, args);
  };

  LiveClient.prototype.notify = function (element, method, args) {
    this.calls.notify(element, method, args);
  };

  /** A new name for a call, never used before by this client. */
  LiveClient.prototype.nextCall = function () {
    this.lastCall += 1;
    return "c" + this.lastCall;
  };

  // --- signs of life ---------------------------------------------------------------------------------------------------

  LiveClient.prototype.sendState = function (at, rewind) {
    var message = ["at", this.basket.had, at];
    this.basket.owed = 0;
    this.clearAck();
    this.say(rewind ? message.concat([true]) : message);
  };

  /** State what we have: the server finds a lost tail by it, and that we live. */
  LiveClient.prototype.state = function () {
    this.statedAt = this.clock.now();
    this.sendState(this.channels.positions(), false);
    this.stateLater();
  };

  LiveClient.prototype.stateLater = function () {
    var self = this;
    this.clock.clearTimeout(this.atTimer);
    this.atTimer = this.clock.setTimeout(function () { self.state(); }, AT_MS);
  };

  TwistedChat.LiveClient = LiveClient;
}(this));
