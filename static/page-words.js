/**
 * What the page tells in words: errors, who came and left, passing remarks (`Toast`) and alerts to everyone (`Alerts`).
 */
(function (page) {
  var MOST_ALERTS = 3;
  var TOAST_MS = 6000;
  var MOST_NAMES = 4;
  var DISMISSED = "twistedchat.alert";
  var dom = page.dom;

  var WRONG = {
    NameTaken: "Someone here has this name already. Try another one.",
    BadName: "This cannot be a name. Try another one.",
    BadTicket: "Your last visit is too long ago. Please pick a name again.",
    LoggedOut: "You were logged out.",
    NotLoggedIn: "You are not logged in.",
    NoSuchRoom: "There is no such room.",
    NoSuchPerson: "This person is not here any more.",
    NotHere: "You are not in this room.",
    StoreUnavailable: "The chat cannot keep messages just now. Try again in a moment.",
    InternalError: "Something went wrong on the server."
  };

  function sentence(text) {
    return text && text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
  }

  /** Return what to tell people of a RemoteError: the server's own words where it has some. */
  page.explain = function (error) {
    if (error.kind === "unknown") {
      return "The connection broke before the answer came. Try again.";
    }
    if (error.error === "TooFast") {
      return "Too fast. Try again in " + Math.max(1, Math.ceil(error.retry || 1)) + " s.";
    }
    return sentence(error.text || "") || WRONG[error.error] || "That did not work (" + (error.error || error) + ").";
  };

  /** Return "Alice, Bob and Eve", or of many "Alice, Bob, Eve and 5 others". */
  page.names = function (people) {
    var shown = people.slice(0, people.length > MOST_NAMES ? MOST_NAMES - 1 : MOST_NAMES).map(function (person) {
      return person.name;
    });
    if (people.length > shown.length) {
      shown.push(people.length - shown.length + " others");
    }
    return shown.length < 2 ? shown.join("") : shown.slice(0, -1).join(", ") + " and " + shown[shown.length - 1];
  };

  // --- what happened in a room ---

  /** Return "1 minute", "3 hours": the largest unit that fits. */
  function duration(seconds) {
    var units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].filter(function (unit) {
      return seconds >= unit[1];
    });
    var unit = units[0] || ["second", 1];
    var count = Math.max(1, Math.round(seconds / unit[1]));
    return count + " " + unit[0] + (count === 1 ? "" : "s");
  }

  var DONE = { kick: "kicked out", ban: "banned", unban: "let in again", mute: "muted", unmute: "unmuted" };
  var ROLES = { member: "made a member", moderator: "made a moderator", owner: "made an owner", nobody: "relieved of every role" };
  var KINDS = { "public": "open to everyone", unlisted: "open to everyone, and listed nowhere", members: "for its members only" };

  function known(table, name) {
    return Object.prototype.hasOwnProperty.call(table, name) ? table[name] : String(name);
  }

  /** Return a line of kind "order" in words. */
  page.orderText = function (message) {
    var order = message.order;
    var words;
    if (order.what === "kind") {
      return order.by.name + " made this room " + known(KINDS, order.kind);
    }
    words = order.whom.name + " was " + (order.what === "role" ? known(ROLES, order.role) : known(DONE, order.what)) + " by " + order.by.name;
    if (typeof order.until === "number") {
      words += " for " + duration(order.until - message.at);
    }
    return words + (order.reason ? ": " + order.reason : "");
  };

  /** Return a line of kind "topic" in words. */
  page.topicText = function (message) {
    return message.from.name + (message.text ? " set the topic: " + message.text : " took the topic away");
  };

  /** Return who types in words; "" for nobody. */
  page.typingText = function (people) {
    if (people.length === 0) {
      return "";
    }
    return page.names(people) + (people.length === 1 ? " is typing\u2026" : " are typing\u2026");
  };

  /** One remark at a time, for some seconds. */
  function Toast(node) {
    this.node = node;
    this.timer = null;
  }

  Toast.prototype.say = function (text) {
    var node = this.node;
    dom.text(node, text);
    clearTimeout(this.timer);
    this.timer = setTimeout(function () {
      dom.text(node, "");
    }, TOAST_MS);
  };

  /** Tell of an error; one that we asked for is none. */
  Toast.prototype.complain = function (error) {
    if (error && error.kind !== "cancelled") {
      this.say(page.explain(error));
    }
  };

  /** The newest alerts, until they are dismissed; `changed()` is called when they take more or less room. */
  function Alerts(node, changed) {
    var self = this;
    this.node = node;
    this.changed = changed;
    dom.on(node, "click", function (event, target) {
      if (dom.above(target, "data-dismiss", node)) {
        self.dismiss(dom.above(target, "data-at", node));
      }
    });
  }

  Alerts.prototype.show = function (alert) {
    if (alert.at > this.dismissed()) {
      this.add(alert.at, dom.linked(dom.make("span", { dir: "auto" }), alert.text), [
        dom.make("span", { "class": "time" }, [dom.clock(alert.at)])
      ]);
    }
  };

  Alerts.prototype.add = function (at, text, more) {
    var node = this.node;
    node.appendChild(dom.make("div", { "class": "alert", "data-at": String(at) }, [text].concat(more, [
      dom.make("button", { type: "button", "class": "dismiss", "data-dismiss": "" }, ["Dismiss"])
    ])));
    while (node.childNodes.length > MOST_ALERTS) {
      node.removeChild(node.firstChild);
    }
    this.changed();
  };

  /** Tell this visitor alone something that must not be missed, until it is dismissed. */
  Alerts.prototype.tell = function (text) {
    this.add(0, dom.make("span", { dir: "auto" }, [text]), []);
  };

  /** Return the time of the newest alert that was dismissed in this browser. */
  Alerts.prototype.dismissed = function () {
    return Number(dom.kept(DISMISSED) || 0);
  };

  Alerts.prototype.dismiss = function (shown) {
    dom.kept(DISMISSED, String(Math.max(this.dismissed(), Number(shown.getAttribute("data-at")))));
    this.node.removeChild(shown);
    this.changed();
  };

  page.Toast = Toast;
  page.Alerts = Alerts;
})(twistedchatPage);
