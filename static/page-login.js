/** The card where a visitor comes in: as a guest with a name, with an account, or by making one. */
(function (page) {
  var dom = page.dom;
  var byId = dom.byId;
  var WAYS = {
    guest: { hint: "Pick a name that the others will see.", button: "Join the chat", password: null },
    account: { hint: "Welcome back.", button: "Log in", password: "current-password" },
    register: { hint: "An account keeps your name for you.", button: "Make the account", password: "new-password" }
  };

  /** `registers`: whether visitors can make accounts here. */
  function Login(chat, registers) {
    var self = this;
    this.chat = chat;
    this.registers = registers;
    this.busy = false;
    this.way = "guest";
    dom.on(byId("login-form"), "submit", function () {
      self.tryName(byId("name").value.trim(), byId("password").value);
      return false;
    });
    dom.on(byId("login-ways"), "click", function (event, target) {
      var button = dom.above(target, "data-way", byId("login-ways"));
      if (button) {
        self.go(button.getAttribute("data-way"));
        dom.focus(byId(byId("name").value && WAYS[self.way].password ? "password" : "name"));
      }
    });
    this.go("guest");
  }

  /** Come in another way: "guest", "account" or "register". */
  Login.prototype.go = function (way) {
    var buttons = byId("login-ways").getElementsByTagName("button");
    var i;
    this.way = way;
    dom.text(byId("login-hint"), WAYS[way].hint);
    dom.text(byId("login"), WAYS[way].button);
    dom.text(byId("login-error"), "");
    dom.show(byId("password-part"), WAYS[way].password !== null);
    dom.set(byId("password"), "autocomplete", WAYS[way].password || "off");
    byId("password").value = "";
    for (i = 0; i < buttons.length; i++) {
      dom.show(buttons[i], this.offers(buttons[i].getAttribute("data-way")));
    }
  };

  Login.prototype.offers = function (way) {
    return way !== this.way && (way !== "register" || this.registers);
  };

  /** Come in as `name`. */
  Login.prototype.tryName = function (name, password) {
    var self = this;
    if (this.busy) {
      return;
    }
    dom.text(byId("login-error"), "");
    dom.set(byId("name"), "aria-invalid", null);
    if (!name) {
      this.failed({ kind: "refused", error: "BadName", text: "Please write your name." });
      return;
    }
    if (WAYS[this.way].password && !password) {
      this.failed({ kind: "refused", error: "BadPassword", text: "Please write a password." });
      return;
    }
    this.wait();
    this.ask(name, password).addErrback(function (error) {
      self.failed(error);
    });
  };

  Login.prototype.ask = function (name, password) {
    if (this.way === "register") {
      return this.chat.register(name, password);
    }
    return this.way === "account" ? this.chat.login(name, password) : this.chat.login(name);
  };

  /** Show that an answer is awaited. */
  Login.prototype.wait = function () {
    this.busy = true;
    byId("login").disabled = true;
    this.status(this.chat.live.status());
  };

  Login.prototype.done = function () {
    this.busy = false;
    byId("login").disabled = false;
    dom.text(byId("login-status"), "");
  };

  Login.prototype.failed = function (error) {
    this.done();
    dom.text(byId("login-error"), page.explain(error));
    if (/Password$/.test(error.error)) {
      dom.focus(byId("password"));
      return;
    }
    dom.set(byId("name"), "aria-invalid", "true");
    dom.focus(byId("name"));
  };

  Login.prototype.status = function (status) {
    var words = "";
    if (status.state === "closed") {
      words = "Disconnected" + (status.reason ? ": " + status.reason : "") + ". Reload the page to try again.";
    } else if (this.busy) {
      words = status.state === "open" ? "Coming in\u2026" : "Waiting for the server\u2026";
    } else if (status.state === "waiting") {
      words = "The server does not answer. Trying again\u2026";
    }
    dom.text(byId("login-status"), words);
  };

  /** Show the card, or hide it. */
  Login.prototype.show = function (shown) {
    dom.show(byId("entry"), shown);
    byId("password").value = "";
    this.done();
    if (shown && window === window.top) {
      dom.focus(byId("name"));
    }
  };

  page.Login = Login;
})(twistedchatPage);
