/**
 * The chat page: puts what TwistedChat.Chat says on the screen, and what the visitor does into TwistedChat.Chat.
 *
 * The URL's parameters: transport=NAME stay on one, room=NAME the room to join first, name=NAME fill in the name and,
 * with go=1, log in with it (as somebody new: no ticket is used or kept), debug=1 show the connection log.
 * <body> carries data-comet (URL of the comet mount, relative to the page) and data-transports (what the operator
 * allows, in order, with commas; empty: all).
 *
 * What tests and the demo may hold on to:
 *   #name #login #login-error          the name, the button that logs in, what was wrong
 *   #room-list li[data-channel]        rooms; private chats are #private-list li[data-channel]; both lie in #rooms.
 *                                      button[aria-current=true] is the one shown, .badge its unread messages
 *   #room-name                         "open a room" (Enter sends)
 *   #people li[data-key]               who is here; #people-count the number
 *   #title                             title of the room that is shown
 *   #log                               the lines: .message[data-id][data-from][data-state][data-offset] with .author,
 *                                      .text, .time, .retry; .notice (came, left); .hole (messages are missing)
 *   #newest                            the button that appears when new lines came below what is seen
 *   #text #send                        the message field and its button
 *   #transport[data-state][data-transport], #transport-menu [data-use=NAME], #reconnect
 *   #alerts .alert, #toast             alerts to everyone; what went wrong elsewhere
 *   window.twistedchatPage.chat        the TwistedChat.Chat; .shown() what the log shows, as data
 */
(function (page) {
  var MOST_ALERTS = 3;
  var ALERT_S = 3600;
  var ROOMS_EVERY_MS = 30000;
  var TOAST_MS = 6000;
  var IME_MS = 50;
  var MOST_ROWS = 6;
  var dom = page.dom;
  var byId = dom.byId;
  var asked = dom.parameters();
  var automatic = asked.go === "1" && !!asked.name;
  var chat = page.chat = new TwistedChat.Chat({
    url: dom.absolute(document.body.getAttribute("data-comet") || "comet"),
    transports: dom.names("data-transports") || undefined,
    transport: asked.transport || null,
    ticketKey: automatic ? null : "twistedchat.ticket:" + dom.absolute("")
  });
  var view = new page.LogView(byId("log"), byId("newest"));
  var models = {};
  var current = null;
  var entered = false;
  var loggingIn = false;
  var lastState = "connecting";

  var WRONG = {
    NameTaken: "Someone here has this name already. Try another one.",
    BadName: "This cannot be a name. Try another one.",
    BadTicket: "Your last visit is too long ago. Please pick a name again.",
    NotLoggedIn: "You are not logged in.",
    NoSuchRoom: "There is no such room.",
    NoSuchPerson: "This person is not here any more.",
    NotHere: "You are not in this room.",
    StoreUnavailable: "The chat cannot keep messages just now. Try again in a moment.",
    InternalError: "Something went wrong on the server."
  };

  /** Return what to tell people of an error: the server's own words where it has some. */
  function explain(error) {
    if (error.kind === "unknown") {
      return "The connection broke before the answer came. Try again.";
    }
    if (error.error === "TooFast") {
      return "Too fast. Try again in " + Math.max(1, Math.ceil(error.retry || 1)) + " s.";
    }
    return error.text || WRONG[error.error] || "That did not work (" + error.error + ").";
  }

  var toastTimer = null;

  function toast(text) {
    dom.text(byId("toast"), text);
    clearTimeout(toastTimer);
    toastTimer = setTimeout(function () {
      dom.text(byId("toast"), "");
    }, TOAST_MS);
  }

  function complain(error) {
    if (error && error.kind !== "cancelled") {
      toast(explain(error));
    }
  }

  // --- logging in and out ---

  function loginBusy(busy, words) {
    loggingIn = busy;
    byId("login").disabled = busy;
    dom.text(byId("login-status"), words || "");
  }

  function loginFailed(error) {
    loginBusy(false);
    dom.text(byId("login-error"), explain(error));
    dom.set(byId("name"), "aria-invalid", "true");
    dom.focus(byId("name"));
  }

  function logIn() {
    var name = byId("name").value.trim();
    if (loggingIn) {
      return;
    }
    dom.text(byId("login-error"), "");
    dom.set(byId("name"), "aria-invalid", null);
    if (!name) {
      loginFailed({ kind: "refused", error: "BadName", text: "Please write your name." });
      return;
    }
    loginBusy(true, "Coming in\u2026");
    chat.login(name).addCallback(function () {
      loginBusy(false);
    }).addErrback(loginFailed);
  }

  function enter(you) {
    loginBusy(false);
    dom.show(byId("entry"), false);
    dom.show(byId("app"), true);
    dom.text(byId("me-name"), you.name);
    dom.text(byId("me-avatar"), dom.initials(you.name));
    dom.set(byId("me-avatar"), "class", "avatar " + dom.hue(you.key));
    if (!entered) {
      entered = true;
      joinFirst();
    }
    sideSoon();
  }

  function exit() {
    entered = false;
    dom.show(byId("app"), false);
    dom.show(byId("entry"), true);
    loginBusy(false);
    dom.focus(byId("name"));
  }

  function joinFirst() {
    if (asked.room || !chat.rooms.length) {
      chat.openRoom(asked.room || "lobby").addCallback(showRoom).addErrback(complain);
    } else {
      showRoom(chat.join(chat.rooms[0].channel));
    }
  }

  // --- rooms and private chats ---

  function modelOf(room) {
    if (!models["c:" + room.channel]) {
      models["c:" + room.channel] = watch(room);
    }
    return models["c:" + room.channel];
  }

  /** Make the lines of a room and keep them up to date. */
  function watch(room) {
    var lines = new page.Lines(room);
    room.on("message", function (message) {
      if (lines.place(message)) {
        arrived(lines, message);
      }
    });
    room.on("state", function (message) {
      lines.place(message);
    });
    room.on("history", function () {
      lines.replace();
      if (room.kind === "private" && room !== current && !lines.seen) {
        lines.unread = unanswered(room.messages);
      }
      lines.seen = true;
      sideSoon();
    });
    room.on("hole", function () {
      lines.missing();
    });
    room.on("people", function (change) {
      cameAndWent(lines, change);
      sideSoon();
    });
    room.on("joined", sideSoon);
    room.on("left", function (reason) {
      if (reason) {
        lines.notice("You are not in this room any more (" + reason + ")");
      }
      sideSoon();
    });
    return lines;
  }

  /** Return how many messages stand at the end that the other side wrote. */
  function unanswered(messages) {
    var count = 0;
    while (count < messages.length && !messages[messages.length - 1 - count].mine) {
      count++;
    }
    return count;
  }

  function arrived(lines, message) {
    if (!message.mine && (lines.room !== current || document.hidden)) {
      lines.unread += 1;
      sideSoon();
    }
  }

  function names(people) {
    var shown = people.slice(0, people.length > 4 ? 3 : 4).map(function (person) {
      return person.name;
    });
    if (people.length > shown.length) {
      shown.push(people.length - shown.length + " others");
    }
    return shown.length < 2 ? shown.join("") : shown.slice(0, -1).join(", ") + " and " + shown[shown.length - 1];
  }

  function cameAndWent(lines, change) {
    function other(person) {
      return !chat.you || person.key !== chat.you.key;
    }
    var came = (change.came || []).filter(other);
    var went = (change.went || []).filter(other);
    if (lines.room.people === null) {
      return;
    }
    if (came.length) {
      lines.notice(names(came) + " came");
    }
    if (went.length) {
      lines.notice(names(went) + " left");
    }
  }

  /** Look at a room; null: at none. */
  function showRoom(room) {
    var text = byId("text");
    if (current && models["c:" + current.channel]) {
      modelOf(current).draft = text.value;
    }
    current = room;
    text.value = room ? modelOf(room).draft : "";
    fitText();
    if (room) {
      seen();
    }
    view.show(room ? modelOf(room) : null);
    drawers.close();
    drawSide();
    if (room && !window.matchMedia) {
      dom.focus(text);
    } else if (room && !window.matchMedia("(pointer: coarse)").matches && window === window.top) {
      dom.focus(text);
    }
  }

  function seen() {
    if (current && !document.hidden) {
      modelOf(current).unread = 0;
    }
  }

  function closed(room) {
    var lines = models["c:" + room.channel];
    delete models["c:" + room.channel];
    if (room === current) {
      if (lines && lines.view) {
        view.show(null);
      }
      current = null;
      showRoom(chat.open[0] || null);
    }
    sideSoon();
  }

  // --- the lists ---

  var roomList = new page.List(byId("room-list"), "data-channel", {
    build: page.roomRow.build,
    update: page.roomRow.update,
    choose: function (item) {
      showRoom(chat.room(item.key) || chat.join(item.key));
    }
  });
  var privateList = new page.List(byId("private-list"), "data-channel", {
    build: page.roomRow.build,
    update: page.roomRow.update,
    choose: function (item) {
      showRoom(chat.room(item.key));
    }
  });
  var peopleList = new page.List(byId("people"), "data-key", {
    build: page.personRow.build,
    update: page.personRow.update,
    choose: function (item) {
      if (!item.you) {
        chat.privateWith({ key: item.key, name: item.name }).addCallback(showRoom).addErrback(complain);
      }
    }
  });

  function openItem(room) {
    return {
      key: room.channel, title: room.title, person: room.person || null, joined: true, current: room === current,
      count: room.kind === "private" ? null : room.count, unread: modelOf(room).unread
    };
  }

  function roomItems() {
    var listed = {};
    var items = chat.rooms.map(function (entry) {
      var room = chat.room(entry.channel);
      listed["c:" + entry.channel] = true;
      return room ? openItem(room) : {
        key: entry.channel, title: entry.title, person: null, joined: false, current: false, count: entry.count, unread: 0
      };
    });
    return items.concat(chat.open.filter(function (room) {
      return room.kind === "room" && !listed["c:" + room.channel];
    }).map(openItem));
  }

  function privateItems() {
    return chat.open.filter(function (room) {
      return room.kind === "private";
    }).map(openItem);
  }

  function personItems(people) {
    return people.map(function (person) {
      return { key: person.key, name: person.name, you: !!chat.you && person.key === chat.you.key };
    });
  }

  function drawPeople() {
    var people = current ? current.people : [];
    var many = people === null;
    peopleList.show(personItems(people || []));
    dom.show(byId("people-many"), many);
    dom.text(byId("people-many"), many ? current.count + " people are here. Names are shown up to 200." : "");
    dom.text(byId("people-count"), current && current.count ? String(current.count) : "");
  }

  function subtitle() {
    if (!current) {
      return "";
    }
    if (current.kind === "private") {
      return "Private chat";
    }
    if (!current.joined) {
      return "Joining\u2026";
    }
    return current.count === 1 ? "1 person here" : current.count + " people here";
  }

  function drawSide() {
    var privates = privateItems();
    var elsewhere = 0;
    chat.open.forEach(function (room) {
      elsewhere += modelOf(room).unread;
    });
    roomList.show(roomItems());
    privateList.show(privates);
    dom.show(byId("private-part"), privates.length > 0);
    drawPeople();
    dom.text(byId("title"), current ? current.title : "No room");
    dom.text(byId("subtitle"), subtitle());
    dom.show(byId("leave"), !!current);
    dom.set(byId("log"), "aria-label", current ? "Messages in " + current.title : "Messages");
    dom.text(byId("elsewhere"), elsewhere > 99 ? "99+" : String(elsewhere));
    dom.show(byId("elsewhere"), elsewhere > 0);
    document.title = (elsewhere ? "(" + elsewhere + ") " : "") + (current ? current.title + " \u00b7 " : "") + "twistedchat";
  }

  var sideSoon = dom.once(function () {
    if (entered) {
      drawSide();
    }
  }, 50);

  var drawers = new page.Drawers(byId("app"), byId("scrim"), [
    { name: "rooms", button: byId("show-rooms"), node: byId("side") },
    { name: "people", button: byId("show-people"), node: byId("people-pane") }
  ]);

  // --- the transport ---

  var transport = new page.Transport(
    { pill: byId("transport"), menu: byId("transport-menu"), reconnect: byId("reconnect") },
    dom.names("data-transports"),
    asked.transport || null,
    {
      choose: function (name) {
        chat.live.use(name);
      },
      reconnect: function () {
        chat.live.now();
      }
    }
  );

  function showStatus(status) {
    transport.status(status);
    if (status.state === "closed") {
      toast("Disconnected" + (status.reason ? ": " + status.reason : "") + ". Reload the page to come back.");
    } else if (status.state === "waiting" && lastState === "open") {
      toast("The connection was lost. Your messages are kept and sent when it is back.");
    } else if (status.state === "open" && lastState === "waiting") {
      toast("Connected again: " + page.transportLabel(status.transport));
    }
    if (!entered) {
      dom.text(byId("login-status"), loggingIn || status.state === "waiting" ? loginWords(status) : "");
    }
    lastState = status.state;
  }

  function loginWords(status) {
    return status.state === "open" ? "Coming in\u2026" : "Waiting for the server\u2026";
  }

  // --- alerts ---

  function showAlert(alert) {
    var alerts = byId("alerts");
    var fresh = alert.at > Date.now() / 1000 - ALERT_S && alert.at > Number(dom.kept("twistedchat.alert") || 0);
    if (!fresh) {
      return;
    }
    alerts.appendChild(dom.make("div", { "class": "alert", "data-at": String(alert.at) }, [
      dom.linked(dom.make("span", { dir: "auto" }), alert.text),
      dom.make("span", { "class": "time" }, [dom.clock(alert.at)]),
      dom.make("button", { type: "button", "class": "dismiss", "data-dismiss": "" }, ["Dismiss"])
    ]));
    while (alerts.childNodes.length > MOST_ALERTS) {
      alerts.removeChild(alerts.firstChild);
    }
    view.settle();
  }

  dom.on(byId("alerts"), "click", function (event, target) {
    var button = dom.above(target, "data-dismiss", byId("alerts"));
    var shown = button && button.parentNode;
    if (shown) {
      dom.kept("twistedchat.alert", String(Math.max(Number(dom.kept("twistedchat.alert") || 0), Number(shown.getAttribute("data-at")))));
      shown.parentNode.removeChild(shown);
      dom.focus(byId("text"));
    }
  });

  // --- writing ---

  /** Give the field as many rows as it has lines. */
  function fitText() {
    var text = byId("text");
    var rows = String(Math.min(MOST_ROWS, text.value.split("\n").length));
    if (String(text.rows) !== rows) {
      dom.set(text, "rows", rows);
      view.settle();
    }
  }

  function send() {
    var text = byId("text");
    if (!current || text.value.trim() === "") {
      return;
    }
    current.say(text.value);
    text.value = "";
    fitText();
    dom.focus(text);
  }

  // Enter that ends an IME composition: Chromium and Firefox say isComposing, older ones keyCode 229. WebKit ends the
  // composition first and sends the keydown in the same burst, in old versions as a plain 13.
  var composing = false;
  var composedAt = 0;

  function ofComposition(event) {
    return composing || event.isComposing || event.keyCode === 229 || Date.now() - composedAt < IME_MS;
  }

  dom.on(byId("text"), "compositionstart", function () {
    composing = true;
  });
  dom.on(byId("text"), "compositionend", function () {
    composing = false;
    composedAt = Date.now();
  });
  dom.on(byId("text"), "keyup", function () {
    composedAt = 0;
    fitText();
  });
  dom.on(byId("text"), "input", fitText);
  dom.on(byId("text"), "keydown", function (event) {
    if (dom.key(event) !== "Enter" || event.shiftKey || event.altKey || ofComposition(event)) {
      return true;
    }
    send();
    return false;
  });

  // --- wiring ---

  dom.on(byId("composer"), "submit", function () {
    send();
    return false;
  });
  dom.on(byId("login-form"), "submit", function () {
    logIn();
    return false;
  });
  dom.on(byId("open-room"), "submit", function () {
    var field = byId("room-name");
    var name = field.value.trim();
    if (name) {
      chat.openRoom(name).addCallback(function (room) {
        field.value = "";
        showRoom(room);
      }).addErrback(complain);
    }
    return false;
  });
  dom.on(byId("leave"), "click", function () {
    if (current) {
      current.leave();
    }
  });
  dom.on(byId("logout"), "click", function () {
    chat.logout();
  });
  dom.on(document, "keydown", function (event) {
    return !(dom.key(event) === "Escape" && (transport.close() || drawers.close()));
  });
  dom.on(document, "visibilitychange", function () {
    seen();
    sideSoon();
  });
  dom.theme(byId("theme"));

  chat.on("status", showStatus);
  chat.on("you", function (you) {
    if (you) {
      enter(you);
    } else if (entered) {
      exit();
    }
  });
  chat.on("rooms", sideSoon);
  chat.on("opened", function (room) {
    modelOf(room);
    sideSoon();
  });
  chat.on("closed", closed);
  chat.on("alert", showAlert);
  chat.on("problem", function (error) {
    if (entered) {
      complain(error);
    } else {
      loginFailed(error);
    }
  });

  setInterval(function () {
    if (entered && !document.hidden && chat.live.status().state === "open") {
      chat.refreshRooms();
    }
  }, ROOMS_EVERY_MS);

  /** Return what the log shows: [{id, offset, from, text, state}], from the page itself and not from the model. */
  page.shown = function () {
    var nodes = byId("log").childNodes;
    var found = [];
    var i;
    for (i = 0; i < nodes.length; i++) {
      if (dom.hasClass(nodes[i], "message")) {
        found.push(shownMessage(nodes[i]));
      }
    }
    return found;
  };

  function shownMessage(node) {
    var parts = node.lastChild.childNodes;
    var offset = node.getAttribute("data-offset");
    return {
      id: node.getAttribute("data-id"), from: node.getAttribute("data-from"), state: node.getAttribute("data-state"),
      offset: offset === null ? null : Number(offset), text: parts[1].textContent || parts[1].innerText || ""
    };
  }

  // --- the connection log ---

  function showDebug() {
    var panel = byId("debug");
    var draw = dom.once(function () {
      dom.text(panel, TwistedChat.log.lines.slice(-200).join("\n"));
      panel.scrollTop = panel.scrollHeight;
    }, 100);
    dom.show(panel, true);
    TwistedChat.log.listener = draw;
    draw();
  }

  function begin() {
    if (asked.debug === "1") {
      showDebug();
    }
    byId("name").value = asked.name || "";
    chat.start();
    if (automatic) {
      logIn();
    } else if (chat.hasTicket()) {
      loginBusy(true, "Coming in\u2026");
    } else if (window === window.top) {
      dom.focus(byId("name"));
    }
  }

  begin();
})(twistedchatPage);
