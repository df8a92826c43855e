/**
 * The chat page: puts what TwistedChat.Chat says on the screen, and what the visitor does into TwistedChat.Chat.
 *
 * The URL's parameters: transport=NAME stay on one, room=NAME the room to join first, name=NAME fill in the name and,
 * with go=1, log in with it (as somebody new: no ticket is used or kept), debug=1 show the connection log.
 * <body> carries data-comet (URL of the comet mount, relative to the page), data-transports (what the operator
 * allows, in order, with commas; empty: all) and data-registration ("closed" where visitors cannot make accounts).
 *
 * What tests and the demo may hold on to:
 *   #name #login #login-error          the name, the button that logs in, what was wrong; #password, and
 *                                      #login-ways [data-way=guest, account or register]: other ways to come in
 *   #me #account #account-form         one's own menu; the dialog for another name, an account, another password
 *   #room-list li[data-channel]        rooms; private chats are #private-list li[data-channel]; both lie in #rooms.
 *                                      button[aria-current=true] is the one shown, .badge its unread messages
 *   #request-list li[data-key]         who asks to be a contact: .accept, .refuse; #contact-list li[data-key][data-state]
 *                                      [data-online]: the contacts; #private-all shows all private chats
 *   #room-name                         "open a room" (Enter sends)
 *   #people li[data-key]               who is here; #people-count the number
 *   #title                             title of the room that is shown
 *   #log                               the lines: .message[data-id][data-from][data-state][data-offset] with .author,
 *                                      .text, .time, .retry; .notice (came, left, topics, orders); .hole (messages are missing)
 *   #no-room #choose-room              what stands in place of the log and the message field when no room is open
 *                                      .more-button (its menu), .edited; classes mine, action, remark, deleted; .answer
 *                                      (for this visitor alone); .earlier (the button that brings earlier messages)
 *   #menu [role=menuitem]              what can be done with a message or a person
 *   #topic #typing #task               what the room is about; who types; what the message field serves just now
 *   #newest                            the button that appears when new lines came below what is seen
 *   #text #send                        the message field and its button
 *   #transport[data-state][data-transport], #transport-menu [data-use=NAME], #reconnect
 *   #alerts .alert, #toast             alerts to everyone; what went wrong elsewhere
 *   window.twistedchatPage.chat        the TwistedChat.Chat; .shown() what the log shows since its last hole, as data;
 *                                      .choose(transport or null) as the menu does
 */
(function (page) {
  var ROOMS_EVERY_MS = 30000;
  var LOST_MS = 2000;
  var DEBUG_MS = 100;
  var DEBUG_LINES = 200;
  var dom = page.dom;
  var byId = dom.byId;
  var asked = dom.parameters();
  var automatic = asked.go === "1" && !!asked.name;
  var allowed = dom.names("data-transports");
  var entered = false;
  var lostTimer = null;
  var saidLost = false;

  var chat = page.chat = new TwistedChat.Chat({
    url: dom.absolute(document.body.getAttribute("data-comet") || "comet"),
    transports: allowed || undefined,
    transport: dom.transport(),
    ticketKey: automatic ? null : "twistedchat.ticket:" + dom.absolute("")
  });
  var toast = new page.Toast(byId("toast"));
  var view = new page.LogView(byId("log"), byId("newest"), {
    earlier: function (room) {
      rooms.earlier(room);
    },
    menu: function (message, button, room) {
      deeds.onMessage(message, button, room);
    }
  });
  var registers = document.body.getAttribute("data-registration") !== "closed";
  var login = new page.Login(chat, registers);
  var alerts = new page.Alerts(byId("alerts"), function () {
    view.settle();
  });
  var composer = new page.Composer({
    form: byId("composer"), field: byId("text"), task: byId("task"), taskText: byId("task-text"), taskEnd: byId("task-end")
  }, {
    send: function (text) {
      return rooms.say(text);
    },
    typed: function () {
      if (rooms.current) {
        rooms.current.typing();
      }
    },
    editLast: function () {
      return rooms.current !== null && deeds.editLast(rooms.current);
    },
    resized: function () {
      view.settle();
    }
  });
  var menu = new page.Menu(byId("menu"));
  var account = new page.Account(chat, { menu: menu, toast: toast, registers: registers });
  var deeds = new page.Deeds(chat, {
    menu: menu, composer: composer, toast: toast, account: account,
    rooms: function () {
      return rooms;
    },
    contacts: function () {
      return contacts;
    }
  });
  var contacts = new page.Contacts(chat, {
    toast: toast, deeds: deeds,
    rooms: function () {
      return rooms;
    }
  });
  var recent = new page.Recent(chat, function () {
    rooms.soon();
  });
  var drawers = new page.Drawers(byId("app"), byId("scrim"), [
    { name: "rooms", button: byId("show-rooms"), node: byId("side") },
    { name: "people", button: byId("show-people"), node: byId("people-pane") }
  ]);
  var rooms = new page.Rooms(chat, {
    view: view, composer: composer, toast: toast, deeds: deeds, contacts: contacts, recent: recent, shown: roomShown
  });
  var transport = new page.Transport(
    { pill: byId("transport"), menu: byId("transport-menu"), reconnect: byId("reconnect") }, allowed, dom.transport(),
    {
      choose: function (name) {
        chat.live.use(name);
      },
      reconnect: function () {
        chat.live.now();
      }
    }
  );

  /** A finger would get a keyboard over half of the screen that it has not asked for. */
  function hasKeyboard() {
    return window === window.top && !(window.matchMedia && window.matchMedia("(pointer: coarse)").matches);
  }

  function roomShown(room) {
    drawers.close();
    if (!room) {
      dom.focus(byId("choose-room"));
    } else if (hasKeyboard()) {
      composer.focus();
    }
  }

  // --- coming and going ---

  function enter(you) {
    login.show(false);
    dom.show(byId("app"), true);
    dom.text(byId("me-name"), you.name);
    dom.text(byId("me-avatar"), dom.initials(you.name));
    dom.set(byId("me-avatar"), "class", "avatar " + dom.hue(you.key));
    if (!entered) {
      entered = true;
      recent.refresh();
      joinFirst();
    }
    rooms.soon();
  }

  function exit() {
    entered = false;
    menu.close();
    recent.clear();
    account.close();
    dom.show(byId("app"), false);
    login.show(true);
  }

  function joinFirst() {
    if (asked.room || !chat.rooms.length) {
      rooms.openByName(asked.room || "lobby");
    } else {
      rooms.look(chat.join(chat.rooms[0].channel));
    }
  }

  function showStatus(status) {
    transport.status(status);
    login.status(status);
    if (status.state === "closed") {
      clearTimeout(lostTimer);
      toast.say("Disconnected" + (status.reason ? ": " + status.reason : "") + ". Reload the page to come back.");
    } else if (status.state === "waiting" && !lostTimer) {
      lostTimer = setTimeout(sayLost, LOST_MS);
    } else if (status.state === "open") {
      clearTimeout(lostTimer);
      sayBack(status);
    }
  }

  /** Told only of what lasts: most broken connections are back before anyone could read about it. */
  function sayLost() {
    saidLost = true;
    toast.say("The connection was lost. What you write is kept, and sent when it is back.");
  }

  function sayBack(status) {
    if (saidLost) {
      toast.say("Connected again: " + page.transportLabel(status.transport));
    }
    saidLost = false;
    lostTimer = null;
  }

  // --- wiring ---

  chat.on("status", showStatus);
  chat.on("you", function (you) {
    if (you) {
      enter(you);
    } else {
      exit();
    }
  });
  chat.on("rooms", rooms.soon);
  chat.on("contacts", function (contact, before) {
    contacts.changed(contact, before);
    rooms.soon();
  });
  chat.on("opened", function (room) {
    rooms.opened(room);
  });
  chat.on("closed", function (room) {
    rooms.closed(room);
  });
  chat.on("alert", function (alert) {
    alerts.show(alert);
  });
  chat.on("shownOut", function (told) {
    alerts.tell(told.title + ": " + told.text);
  });
  chat.on("problem", function (error) {
    if (entered) {
      toast.complain(error);
    } else {
      login.failed(error);
    }
  });

  dom.on(byId("open-room"), "submit", function () {
    var field = byId("room-name");
    if (field.value.trim()) {
      rooms.openByName(field.value.trim());
      field.value = "";
    }
    return false;
  });
  dom.on(byId("choose-room"), "click", function () {
    drawers.show("rooms");
    rooms.reach();
  });
  dom.on(byId("leave"), "click", function () {
    if (rooms.current) {
      rooms.current.leave();
    }
  });
  dom.on(byId("logout"), "click", function () {
    chat.logout();
  });
  // Escape closes what is open, else leads from anywhere to the message field: past all links of the log, too.
  dom.on(document, "keydown", function (event) {
    if (dom.key(event) !== "Escape" || !entered || event.isComposing) {
      return true;
    }
    if (!menu.close() && !account.close() && !transport.close() && !composer.end() && !drawers.close()) {
      composer.focus();
    }
    return false;
  });
  dom.on(document, "visibilitychange", function () {
    rooms.seen();
  });
  dom.theme(byId("theme"));

  setInterval(function () {
    if (entered && !document.hidden && chat.live.status().state === "open") {
      chat.refreshRooms();
      recent.refresh();
    }
  }, ROOMS_EVERY_MS);

  // --- for the demo, tests and the curious ---

  page.shown = function () {
    return view.read();
  };

  page.choose = function (name) {
    transport.choose(name);
  };

  function showDebug() {
    var panel = byId("debug");
    var draw = dom.once(function () {
      dom.text(panel, TwistedChat.log.lines.slice(-DEBUG_LINES).join("\n"));
      panel.scrollTop = panel.scrollHeight;
    }, DEBUG_MS);
    dom.show(panel, true);
    TwistedChat.log.listener = draw;
    draw();
  }

  function begin() {
    if (asked.debug === "1") {
      showDebug();
    }
    byId("name").value = asked.name || "";
    login.show(true);
    chat.start();
    if (automatic) {
      login.tryName(asked.name.trim());
    } else if (chat.hasTicket()) {
      login.wait();
    }
  }

  begin();
})(twistedchatPage);
