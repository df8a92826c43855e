/* Channels: joining them, their events in order and once, gaps, and who is there. */
(function (root) {
  "use strict";

  var TwistedChat = root.TwistedChat;
  var give = TwistedChat.give;
  var guard = TwistedChat.guard;
  var has = TwistedChat.has;
  var log = TwistedChat.log;
  var refused = TwistedChat.refused;

  var CHANNELS = 200;             // what one hello may state
  var JOIN_AT_ONCE = 100;
  var IDS_KEPT = 1000;
  var REWIND_MS = 5000;
  var REASK_MS = 1000;
  var LATER_S = 2;                // a join that time heals is asked again after this, and a bit later each time
  var LATEST_S = 10;

  function Channel(name) {
    this.name = name;
    this.handler = null;
    this.position = null;       // [epoch, offset, id], or null before the first answer
    this.joined = false;
    this.wanted = true;         // ask, or ask again on a new session
    this.rid = null;            // of the request that is under way
    this.stated = null;
    this.ids = {};
    this.idRing = [];
    this.version = null;        // of the presence that the page has
    this.countOnly = false;
    this.rewoundAt = null;
    this.askedAt = null;
    this.delays = 0;            // how often in a row the server wanted to be asked later
  }

  /** An id is its sender's: another's entry with the same id is another entry. */
  function mark(id, event) {
    var sender = event[1] && event[1].from;
    return "$" + id + " " + (Array.isArray(sender) ? sender[0] : "");
  }

  Channel.prototype.knows = function (id, event) {
    return has(this.ids, mark(id, event));
  };

  Channel.prototype.remember = function (id, event) {
    this.ids[mark(id, event)] = true;
    this.idRing.push(mark(id, event));
    if (this.idRing.length > IDS_KEPT) {
      delete this.ids[this.idRing.shift()];
    }
  };

  /** The handler has begun anew with a history: what it had is not there any more. */
  Channel.prototype.forget = function () {
    this.ids = {};
    this.idRing = [];
  };

  Channel.prototype.call = function (name, args) {
    if (typeof this.handler[name] === "function") {
      guard(name + " of " + this.name, this.handler[name], this.handler, args);
    }
  };

  /** Give an event to the handler, unless it has the id already. */
  Channel.prototype.deliver = function (epoch, offset, id, event, at, history) {
    var known = this.knows(id, event);
    this.position = [epoch, offset, id];
    if (known) {
      return;
    }
    this.remember(id, event);
    if (has(this.handler.events, event[0])) {
      guard("event " + event[0], this.handler.events[event[0]], this.handler, event.slice(1).concat([
        { channel: this.name, epoch: epoch, offset: offset, id: id, at: at, history: history }
      ]));
    }
  };

  /** The channels of `client` (a `TwistedChat.LiveClient`); they outlive its lives. */
  function Channels(client) {
    this.client = client;
    this.byName = {};
    this.leaving = {};          // left, and not confirmed by the server yet
    this.rid = 0;
    this.joinTimer = null;
  }

  Channels.prototype.each = function (fn) {
    Object.keys(this.byName).forEach(function (name) { fn.call(this, this.byName[name]); }, this);
  };

  Channels.prototype.find = function (name) {
    return has(this.byName, name) ? this.byName[name] : null;
  };

  /** The positions of what is joined, by channel. */
  Channels.prototype.positions = function () {
    var at = {};
    this.each(function (channel) {
      if (channel.joined && channel.position) {
        at[channel.name] = channel.position;
      }
    });
    return at;
  };

  Channels.prototype.join = function (name, handler) {
    var channel = this.find(name);
    if (channel === null) {
      if (Object.keys(this.byName).length >= CHANNELS) {
        guard("refused", handler.refused || function () {}, handler, [refused("Overflow", "Too many channels.")]);
        return;
      }
      channel = this.byName[name] = new Channel(name);
    }
    channel.handler = handler;
    channel.wanted = true;
    this.ask(channel);
  };

  Channels.prototype.leave = function (name) {
    if (!has(this.byName, name)) {
      return;
    }
    delete this.byName[name];
    this.leaving[name] = true;
    this.sendLeaving();
  };

  Channels.prototype.sendLeaving = function () {
    var names = Object.keys(this.leaving);
    if (names.length > 0) {
      this.client.say(["leave", this.rid += 1, names]);
    }
  };

  Channels.prototype.wasLeft = function (rid, names) {
    names.forEach(function (name) { delete this.leaving[name]; }, this);
  };

  /** Ask for a channel soon, together with others. */
  Channels.prototype.ask = function (channel) {
    var self = this;
    channel.rid = 0;
    if (this.client.ready && this.joinTimer === null) {
      this.joinTimer = this.client.clock.setTimeout(function () {
        self.joinTimer = null;
        self.sendJoins();
      }, 0);
    }
  };

  Channels.prototype.sendJoins = function () {
    var asked = [];
    this.each(function (channel) {
      if (channel.rid === 0) {
        asked.push(channel);
      }
    });
    while (this.client.ready && asked.length > 0) {
      this.sendJoin(asked.splice(0, JOIN_AT_ONCE));
    }
  };

  Channels.prototype.sendJoin = function (channels) {
    var at = {};
    this.rid += 1;
    channels.forEach(function (channel) {
      channel.rid = this.rid;
      channel.stated = channel.position;
      channel.askedAt = this.client.clock.now();
      at[channel.name] = channel.position;
      delete this.leaving[channel.name];
    }, this);
    this.client.say(["join", this.rid, at]);
  };

  /** After a welcome: what is not joined is asked for again; without a resume, that is everything. */
  Channels.prototype.welcomed = function (resumed) {
    this.each(function (channel) {
      channel.rewoundAt = null;
      if (!resumed) {
        channel.joined = false;
        channel.rid = null;
      }
      if (channel.wanted && (!channel.joined || channel.rid !== null)) {
        channel.rid = 0;
      }
    });
    if (resumed) {
      this.sendLeaving();
    } else {
      this.leaving = {};
    }
    if (resumed || !this.client.options.holdJoins) {
      this.sendJoins();
    }
  };

  /** With the option `holdJoins`, ask for the channels now (for a root that wants a login first). */
  Channels.prototype.rejoin = function () {
    if (this.client.ready) {
      this.sendJoins();
    }
  };

  Channels.prototype.answered = function (rid, results) {
    Object.keys(results).forEach(function (name) {
      var channel = this.find(name);
      if (channel !== null && channel.rid === rid) {
        channel.rid = null;
        if (has(results[name], "error")) {
          this.wasRefused(channel, results[name]);
        } else {
          this.wasJoined(channel, results[name]);
        }
      }
    }, this);
  };

  Channels.prototype.wasRefused = function (channel, result) {
    var error = refused(result.error, result.text);
    give(error, result);
    channel.joined = false;
    if (TwistedChat.retryAfter(error, 0) !== null) {
      this.askLater(channel, error);
      return;
    }
    channel.wanted = false;
    channel.call("refused", [error]);
  };

  /** The store is away, or we were too fast: ask again, for as long as it takes. The handler is told once. */
  Channels.prototype.askLater = function (channel, error) {
    var self = this;
    channel.delays += 1;
    if (channel.delays === 1) {
      channel.call("delayed", [error]);
    }
    this.client.clock.setTimeout(function () {
      if (self.find(channel.name) === channel && channel.wanted && !channel.joined && channel.rid === null) {
        self.ask(channel);
      }
    }, (error.retry || Math.min(LATEST_S, LATER_S * channel.delays)) * 1000);
  };

  Channels.prototype.wasJoined = function (channel, result) {
    var mine = channel.position;
    var again = channel.joined;
    channel.joined = true;
    channel.delays = 0;
    channel.rewoundAt = null;
    if (!(result.recovered && mine && mine[0] === result.at[0] && mine[1] > result.at[1])) {
      channel.position = result.at;
    }
    if (!again || !result.recovered) {
      result.hole = !result.recovered && channel.stated !== null;
      channel.call("joined", [result]);
      this.giveHistory(channel, result);
    }
    this.setPeople(channel, result.people);
  };

  /** The last entries of a log whose beginning, or whose part after our position, we do not have. */
  Channels.prototype.giveHistory = function (channel, result) {
    var epoch = result.at[0];
    var at = channel.position;
    var entries = result.recovered ? [] : result.entries || [];
    if (result.recovered) {
      return;
    }
    if (typeof channel.handler.history === "function") {
      channel.forget();
      entries.forEach(function (entry) { channel.remember(entry[1], entry[2]); });
      channel.call("history", [entries, result.hole, epoch, at[1]]);
    } else {
      entries.forEach(function (entry) { channel.deliver(epoch, entry[0], entry[1], entry[2], entry[3], true); });
    }
    channel.position = at;
  };

  Channels.prototype.event = function (name, offset, id, event, at) {
    var channel = this.find(name);
    if (channel === null || !channel.joined || offset <= channel.position[1]) {
      return;
    }
    if (offset === channel.position[1] + 1) {
      channel.rewoundAt = null;
      channel.deliver(channel.position[0], offset, id, event, at, false);
    } else {
      this.rewind(channel);
    }
  };

  /** Something that matters only now: for who is there. */
  Channels.prototype.hint = function (name, event) {
    var channel = this.find(name);
    if (channel !== null && channel.joined && has(channel.handler.hints || {}, event[0])) {
      guard("hint " + event[0], channel.handler.hints[event[0]], channel.handler, event.slice(1));
    }
  };

  /** A gap: ask the server to go back to what we have; once, and again only after a while. */
  Channels.prototype.rewind = function (channel) {
    var now = this.client.clock.now();
    var at = {};
    if (channel.rewoundAt !== null && now - channel.rewoundAt < REWIND_MS) {
      return;
    }
    log("a gap in " + channel.name);
    channel.rewoundAt = now;
    at[channel.name] = channel.position;
    this.client.sendState(at, true);
  };

  Channels.prototype.wasReset = function (name, reason) {
    var channel = this.find(name);
    if (channel === null) {
      return;
    }
    channel.joined = false;
    channel.version = null;
    channel.wanted = reason !== "removed";
    channel.call("reset", [reason]);
    if (this.byName[name] === channel && channel.wanted) {
      this.ask(channel);
    }
  };

  /** The client is closed for good. */
  Channels.prototype.end = function () {
    this.client.clock.clearTimeout(this.joinTimer);
    this.joinTimer = null;
    this.each(function (channel) { channel.joined = false; });
  };

  // --- who is here ---------------------------------------------------------------------------------------------------

  Channels.prototype.setPeople = function (channel, people) {
    if (!people) {
      return;
    }
    channel.version = people.version;
    channel.countOnly = !people.list;
    if (people.list) {
      channel.call("presence", [{ kind: "full", version: people.version, people: people.list, count: people.count }]);
    } else {
      channel.call("presence", [{ kind: "count", version: people.version, count: people.count }]);
    }
  };

  Channels.prototype.presence = function (name, version, kind, first, second, count) {
    var channel = this.find(name);
    if (channel === null || !channel.joined || (channel.version !== null && version < channel.version)) {
      return;
    }
    if (kind === "full") {
      this.setPeople(channel, { version: version, count: first.length, list: first });
    } else if (kind === "count") {
      this.setPeople(channel, { version: version, count: first, list: null });
    } else if (kind === "delta" && version !== channel.version) {
      this.delta(channel, version, { kind: "delta", version: version, came: first, went: second, count: count });
    }
  };

  Channels.prototype.delta = function (channel, version, change) {
    if (version === channel.version + 1 && !channel.countOnly) {
      channel.version = version;
      channel.call("presence", [change]);
    } else if (channel.rid === null && this.client.clock.now() - channel.askedAt >= REASK_MS) {
      log("presence of " + channel.name + " does not fit");
      this.ask(channel);
    }
  };

  TwistedChat.Channels = Channels;
}(this));
