/** The card where a visitor picks a name. */
(function (page) {
  var dom = page.dom;
  var byId = dom.byId;

  function Login(chat) {
    var self = this;
    this.chat = chat;
    this.busy = false;
    dom.on(byId("login-form"), "submit", function () {
      self.tryName(byId("name").value.trim());
      return false;
    });
  }

  /** Log in as `name`. */
  Login.prototype.tryName = function (name) {
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
    this.wait();
    this.chat.login(name).addErrback(function (error) {
      self.failed(error);
    });
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
    this.done();
    if (shown && window === window.top) {
      dom.focus(byId("name"));
    }
  };

  page.Login = Login;
})(twistedchatPage);
