"use strict";
// The chat's face on the fake server, and visitors on pages of their own.

const test = require("node:test");
const assert = require("node:assert");
const { Clock, Net, Storage, makePage, plain, randomFrom } = require("./harness");
const { Log, Server } = require("./fakeserver");

const LOBBY = "room/lobby";
let seed = 0;

/** Give the fake server the chat's face, as docs/protocol.md section 9 has it. */
function chatServer(net) {
  const server = new Server(net);
  server.names = {};
  server.made = (client) => server.element(client, 1, "TwistedChat.Chatter");
  server.handle = {
    login: (client, name, ticket) => {
      const key = ticket ? ticket.replace("ticket-", "") : "u-" + name;
      if (ticket && !server.names[key]) {
        throw { error: "BadTicket", text: "Log in again." };
      }
      if (name === "taken") {
        throw { error: "NameTaken", text: "Somebody has this name." };
      }
      server.names[key] = server.names[key] || name;
      client.you = [key, server.names[key]];
      return { you: client.you, ticket: "ticket-" + key, rooms: [[LOBBY, "The lobby", 1]],
        channels: ["user/" + key, "house"] };
    },
    logout: (client) => { client.you = null; return null; },
    contacts: () => [],
    rooms: () => [[LOBBY, "The lobby", 2], ["room/new", "new", 1]],
    openRoom: (_, name) => "room/" + name,
    "private": (client, key) => {
      const channel = "private/" + [client.you[0], key].sort().join("+");
      server.post("user/" + key, channel.padEnd(22, "_"), ["privateOpened", channel, client.you]);
      return channel;
    },
    say: (client, channel, id, text) => {
      if (server.says && server.says.length) {
        const error = server.says.shift();
        if (error) { throw error; }
      }
      if (!client.subscribed.has(channel)) {
        throw { error: "NotHere", text: "Not in the room." };
      }
      return server.post(channel, id, ["message", { from: client.you, text }]);
    },
    edit: (client, channel, id, offset, text) => server.revise(channel, id, client.you, offset, text),
    "delete": (client, channel, id, offset) => server.revise(channel, id, client.you, offset, null),
    history: (_, channel, before, limit) =>
      Log.wire(server.log(channel).entries.slice(Math.max(0, before - 1 - limit), before - 1)),
    typing: (client, channel) => { server.typed.push([client.you[1], channel]); return null; },
    command: (client, channel, id, line) => {
      const [name, ...rest] = line.slice(1).split(" ");
      if (!server.commands[name]) { throw { error: "BadCommand", text: "there is no command /" + name }; }
      return server.commands[name](client, channel, id, rest.join(" "));
    }
  };
  server.typed = [];
  server.commands = {
    me: (client, channel, id, text) => { server.post(channel, id, ["action", { from: client.you, text }]); return { text: "" }; },
    help: () => ({ text: "/help: this list" })
  };
  const join = server.joined.bind(server);
  server.joined = (client, channel, at) => client.you ? join(client, channel, at) : { error: "NotLoggedIn", text: "" };
  return server;
}

function world() {
  const clock = new Clock();
  const net = new Net(clock);
  return { clock, net, server: chatServer(net) };
}

function visitor(all, name, { storage = new Storage(), options = {} } = {}) {
  const page = makePage(all.clock, { storage });
  const chat = new page.TwistedChat.Chat(Object.assign(
    { url: "/comet", SockJS: all.net.SockJS, clock: all.clock.api, random: randomFrom((seed += 1)) }, options));
  const seen = [];
  ["you", "problem", "alert", "opened", "closed", "shownOut"].forEach((event) => chat.on(event, (x) => seen.push([event, x])));
  chat.start();
  all.clock.advance(100);
  const login = [];
  if (name) {
    chat.login(name).addCallback((you) => login.push(plain(you))).addErrback((error) => login.push(plain(error)));
    all.clock.advance(200);
  }
  return { chat, page, seen, login, storage, clock: all.clock };
}

function inLobby(all, name, more) {
  const someone = visitor(all, name, more);
  someone.room = someone.chat.join(LOBBY);
  someone.told = [];
  ["message", "state", "gone", "changed", "older", "hole", "history", "people", "joined", "left", "typing", "topic", "order",
    "answer"].forEach((event) => {
    someone.room.on(event, (x) => someone.told.push([event, x]));
  });
  all.clock.advance(200);
  return someone;
}

/** A room of its own that reads a log once, as it is by now. */
function fetched(someone, log) {
  const room = new someone.page.TwistedChat.Room(someone.chat, LOBBY, "");
  room.setHistory(Log.wire(log.entries), false, log.epoch, log.entries.length);
  return room;
}

const logged = (room) => plain(room.messages.filter((message) => message.offset !== null));

/** What was fetched before and the events since equal what is fetched after: from the first line that a page has on. */
function assertAsFetched(someone, room, log) {
  const all = logged(fetched(someone, log));
  assert.deepEqual(logged(room), all.filter((line) => line.offset >= room.log.first));
}

const shown = (room) => plain(room.messages.map((message) => [message.text, message.state, message.offset]));

function count(told, event) {
  return told.filter(([name]) => name === event).length;
}

/** A test of rooms: after it, every page that is in the lobby shows what the log has. */
function roomTest(name, fn) {
  test(name, () => {
    const all = world();
    const someones = [];
    fn(all, (who, more) => { someones.push(inLobby(all, who, more)); return someones[someones.length - 1]; });
    all.clock.advance(1000);
    someones.filter((someone) => someone.room.joined).forEach((someone) => {
      assertAsFetched(someone, someone.room, all.server.log(LOBBY));
    });
  });
}

module.exports = { LOBBY, assertAsFetched, count, fetched, inLobby, logged, roomTest, shown, visitor, world };
