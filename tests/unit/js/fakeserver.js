"use strict";
// A server that follows docs/protocol.md, small enough to be believed; tests tell it to lose and to double.

const WINDOW_MS = 90000;
const KEPT = 1000;

class Log {
  constructor(epoch) {
    this.epoch = epoch;
    this.entries = [];
    this.version = 1;
    this.people = [];
  }
  get head() {
    const last = this.entries[this.entries.length - 1];
    return last ? [this.epoch, last.offset, last.id] : [this.epoch, 0, ""];
  }
  post(id, event) {
    const from = (one) => String(one[1] && one[1].from);
    const known = this.entries.find((entry) => entry.id === id && from(entry.event) === from(event));
    if (known) {
      return { entry: known, isNew: false };
    }
    const entry = { offset: this.entries.length + 1, id, event, at: 1000 + this.entries.length };
    this.entries.push(entry);
    return { entry, isNew: true };
  }
  /** As twistedchat/chat/messages.py: the entry says `text` (null: nothing), and a change before this one nothing of its own. */
  revise(offset, id, from, text) {
    const target = this.entries[offset - 1];
    const { from: author } = target.event[1];
    const told = { from, offset };
    target.event = [target.event[0], text === null ? { from: author, deleted: true } : { from: author, text, edited: true }];
    this.entries.filter((entry) => /^(edited|deleted)$/.test(entry.event[0]) && entry.event[1].offset === offset)
      .forEach((entry) => { entry.event = ["edited", { from: entry.event[1].from, offset }]; });
    return this.post(id, text === null ? ["deleted", told] : ["edited", { ...told, text }]);
  }
  /** Entries as a join's answer and a page of history have them: as they are by now. */
  static wire(entries) {
    return entries.map((entry) => [entry.offset, entry.id, entry.event, entry.at]);
  }
  finds([epoch, offset, id]) {
    if (epoch !== this.epoch || this.entries.length - offset > KEPT) {
      return false;
    }
    return offset === 0 || (!!this.entries[offset - 1] && this.entries[offset - 1].id === id);
  }
}

class Client {
  constructor(hello) {
    Object.assign(this, { id: hello.client, secret: hello.secret, n: hello.n, sock: null, detachedAt: null });
    this.out = [];
    this.next = 0;
    this.had = -1;
    this.subscribed = new Map();
    this.you = null;
    this.calls = [];
    this.life = hello.client.slice(0, 4) + "-life" + (Client.lives = (Client.lives || 0) + 1);
  }
}

class Server {
  constructor(net) {
    this.net = net;
    this.id = "server1";
    this.clients = new Map();
    this.logs = new Map();
    this.heard = [];
    this.joins = [];
    this.hellos = [];
    this.states = [];
    this.epochs = 0;
    this.handle = {};          // call handlers by method: (client, ...args) => value, or throws {error, text}
    this.loseWelcome = 0;
    this.loseAnswers = 0;
    this.double = false;
    net.server = this;
  }
  log(channel) {
    if (!this.logs.has(channel)) {
      this.epochs += 1;
      this.logs.set(channel, new Log("e" + this.epochs));
    }
    return this.logs.get(channel);
  }
  /** Forget every client; with `logs` also what was said. */
  restart(logs) {
    const socks = this.net.live;
    this.clients.clear();
    this.id += "'";
    if (logs) {
      this.logs.clear();
    }
    socks.forEach((sock) => this.net.end(sock, 4101, "Restarting, resume soon"));
  }
  only() {
    return [...this.clients.values()].pop();
  }
  clientOf(sock) {
    return [...this.clients.values()].find((client) => client.sock === sock);
  }
  gone(sock) {
    const client = this.clientOf(sock);
    if (client) {
      client.sock = null;
      client.detachedAt = this.net.clock.time;
    }
  }
  send(client, message) {
    if (client.sock) {
      this.net.push(client.sock, message);
    }
  }
  received(sock, text) {
    if (sock.mute) {
      return;
    }
    const message = JSON.parse(text);
    this.heard.push(message);
    const client = this.clientOf(sock);
    if (message[0] === "probe") {
      this.net.push(sock, message);
    } else if (message[0] === "hello") {
      this.hello(sock, message[1]);
    } else if (client && typeof message[0] === "number") {
      this.packet(client, message);
    } else if (client) {
      this[message[0]](client, ...message.slice(1));
    }
  }

  // --- hello

  hello(sock, hello) {
    this.hellos.push(hello);
    let client = this.clients.get(hello.client);
    const expired = client && client.detachedAt !== null && this.net.clock.time - client.detachedAt > WINDOW_MS;
    if (client && hello.n > client.n && (expired || client.life !== hello.life)) {
      this.clients.delete(client.id);
      client = undefined;
    }
    const resumed = !!client;
    if (resumed && hello.n <= client.n) {
      this.net.end(sock, 4005, "A newer hello was accepted already");
      return;
    }
    if (resumed && hello.ack >= client.next) {
      this.net.end(sock, 4002, "Bad message");
      return;
    }
    client = client || new Client(hello);
    this.clients.set(hello.client, client);
    const old = client.sock;
    Object.assign(client, { n: hello.n, sock, detachedAt: null });
    if (old) {
      this.net.end(old, 4004, "Replaced");
    }
    this.welcome(client, hello, resumed);
  }
  welcome(client, hello, resumed) {
    if (this.loseWelcome > 0) {
      this.loseWelcome -= 1;
      const sock = client.sock;
      this.net.clock.set(() => this.net.snap(sock), 1);
      return;
    }
    this.send(client, ["welcome", { v: 1, resumed, ack: client.had, life: client.life, server: this.id, window: 90, heartbeat: 25 }]);
    if (resumed) {
      client.out = client.out.filter(([seq]) => seq > hello.ack);
      if (client.out.length) {
        this.send(client, [client.had, client.out]);
      }
      client.subscribed.forEach((at, channel) => this.replay(client, channel, (hello.at[channel] || [0, at])[1]));
    } else if (this.made) {
      this.made(client);
    }
  }

  // --- the basket

  put(client, action, args) {
    const item = [client.next, [action, args]];
    client.next += 1;
    client.out.push(item);
    this.send(client, [client.had, [item]]);
    if (this.double) {
      this.send(client, [client.had, [item]]);
    }
  }
  element(client, id, jsClass, { parent = 0, scripts = [], html = "", args = [] } = {}) {
    this.put(client, "element", [id, parent, jsClass, scripts, html, args]);
  }
  packet(client, [ack, items]) {
    client.out = client.out.filter(([seq]) => seq > ack);
    client.acked = ack;
    items.forEach(([seq, [action, args]]) => {
      if (seq === client.had + 1) {
        client.had = seq;
        client.calls.push([action, args]);
        if (action === "call") {
          this.call(client, ...args);
        }
      } else if (seq > client.had) {
        throw new Error("a gap from the page");
      }
    });
  }
  call(client, cid, element, method, args) {
    let answer;
    try {
      answer = [cid, true, this.handle[method](client, ...args)];
    } catch (error) {
      if (!error.error) { throw error; }
      answer = [cid, false, error];
    }
    if (answer[2] === undefined) {
      return;
    }
    if (this.loseAnswers > 0 && client.sock) {
      this.loseAnswers -= 1;
      this.put(client, "respond", answer);
      this.net.snap(client.sock);
      return;
    }
    this.put(client, "respond", answer);
  }

  // --- channels

  join(client, rid, at) {
    this.joins.push(at);
    const results = {};
    Object.keys(at).forEach((channel) => { results[channel] = this.joined(client, channel, at[channel]); });
    this.send(client, ["joined", rid, results]);
    Object.keys(at).forEach((channel) => {
      if (client.subscribed.has(channel)) {
        this.replay(client, channel, client.subscribed.get(channel));
      }
    });
  }
  joined(client, channel, stated) {
    if (this.refuse && this.refuse[channel]) {
      return this.refuse[channel];
    }
    const log = this.log(channel);
    const recovered = !!stated && log.finds(stated);
    client.subscribed.set(channel, recovered ? stated[1] : log.head[1]);
    return {
      at: recovered ? stated : log.head, recovered,
      entries: recovered ? [] : Log.wire(log.entries.slice(-50)),
      people: { version: log.version, count: log.people.length, list: log.people }, info: (this.info || {})[channel] || {}
    };
  }
  replay(client, channel, after) {
    this.log(channel).entries.slice(after).forEach((entry) => this.event(client, channel, entry));
  }
  event(client, channel, entry) {
    client.subscribed.set(channel, entry.offset);
    this.send(client, ["event", channel, entry.offset, entry.id, entry.event, entry.at]);
    if (this.double) {
      this.send(client, ["event", channel, entry.offset, entry.id, entry.event, entry.at]);
    }
  }
  /** Post to a channel's log, and tell everybody who is in it. */
  post(channel, id, event) {
    return this.fan(channel, this.log(channel).post(id, event));
  }
  /** Change what the entry at an offset says; null: nothing any more. */
  revise(channel, id, from, offset, text) {
    return this.fan(channel, this.log(channel).revise(offset, id, from, text));
  }
  fan(channel, { entry, isNew }) {
    this.clients.forEach((client) => {
      if (isNew && client.subscribed.has(channel)) {
        this.event(client, channel, entry);
      }
    });
    return entry.offset;
  }
  hint(channel, event) {
    this.clients.forEach((client) => {
      if (client.subscribed.has(channel)) {
        this.send(client, ["hint", channel, event]);
      }
    });
  }
  at(client, ack, positions, rewind) {
    this.states.push([positions, !!rewind]);
    client.out = client.out.filter(([seq]) => seq > ack);
    Object.keys(positions).forEach((channel) => {
      if (rewind && client.subscribed.has(channel)) {
        this.replay(client, channel, positions[channel][1]);
      }
    });
  }
  leave(client, rid, channels) {
    channels.forEach((channel) => client.subscribed.delete(channel));
    this.send(client, ["left", rid, channels]);
  }
  bye(client) {
    this.clients.delete(client.id);
  }
}

module.exports = { Log, Server };
