/** What a visitor can do with who they are: another name, an account, another password; in a dialog over the page. */
(function (page) {
  var dom = page.dom;
  var byId = dom.byId;

  // What each needs: `fields` of the dialog, and what is done with them.
  var TASKS = {
    rename: {
      title: "Take another name", fields: ["name"], told: "That is your name now.",
      run: function (chat, values) { return chat.rename(values.name); }
    },
    register: {
      title: "Make an account", fields: ["name", "new"], told: "You have an account now.",
      run: function (chat, values) { return chat.register(values.name, values["new"]); }
    },
    password: {
      title: "Change your password", fields: ["old", "new"], told: "Your password is changed. Where else you were logged in, you have to log in again.",
      run: function (chat, values) { return chat.changePassword(values.old, values["new"]); }
    }
  };
  var FIELDS = ["name", "old", "new"];

  /** `parts`: {menu: Menu, toast: Toast, registers}; `registers` says whether visitors can make accounts here. */
  function Account(chat, parts) {
    var self = this;
    this.chat = chat;
    this.parts = parts;
    this.task = null;
    this.busy = false;
    dom.on(byId("account-form"), "submit", function () {
      self.submit();
      return false;
    });
    dom.on(byId("account-cancel"), "click", function () {
      self.close();
    });
    dom.on(byId("account"), "keydown", function (event, target) {
      return self.keyed(event, target);
    });
    dom.on(byId("me"), "click", function () {
      parts.menu.open(byId("me"), "You", self.items());
    });
  }

  /** Return what the menu of oneself offers. */
  Account.prototype.items = function () {
    var items = [];
    if (this.chat.kind !== "vouched") {
      items.push(this.item("Take another name\u2026", "rename"));
    }
    if (this.chat.kind === "guest" && this.parts.registers) {
      items.push(this.item("Make an account\u2026", "register"));
    }
    if (this.chat.kind === "account") {
      items.push(this.item("Change my password\u2026", "password"));
    }
    return items.concat({ label: "Log out", run: this.chat.logout.bind(this.chat) });
  };

  Account.prototype.item = function (label, name) {
    var self = this;
    return { label: label, run: function () { self.open(name); } };
  };

  Account.prototype.open = function (name) {
    this.task = TASKS[name];
    dom.text(byId("account-title"), this.task.title);
    dom.text(byId("account-error"), "");
    FIELDS.forEach(function (field) {
      dom.show(byId("account-" + field + "-part"), this.task.fields.indexOf(field) >= 0);
      byId("account-" + field).value = "";
    }, this);
    byId("account-name").value = this.chat.you ? this.chat.you.name : "";
    dom.show(byId("account"), true);
    this.wait(false);
    dom.focus(byId("account-" + this.task.fields[0]));
  };

  /** Close it; returns whether it was open. */
  Account.prototype.close = function () {
    var was = this.task !== null;
    this.task = null;
    dom.show(byId("account"), false);
    FIELDS.forEach(function (field) { byId("account-" + field).value = ""; });
    if (was) {
      dom.focus(byId("me"));
    }
    return was;
  };

  Account.prototype.wait = function (busy) {
    this.busy = busy;
    byId("account-do").disabled = busy;
  };

  Account.prototype.submit = function () {
    var self = this;
    var task = this.task;
    var values = {};
    if (this.busy || task === null) {
      return;
    }
    FIELDS.forEach(function (field) { values[field] = byId("account-" + field).value; });
    values.name = values.name.trim();
    this.wait(true);
    task.run(this.chat, values).addCallback(function () {
      if (self.task === task) {
        self.close();
      }
      self.parts.toast.say(task.told);
    }).addErrback(function (error) {
      self.failed(task, error);
    });
  };

  Account.prototype.failed = function (task, error) {
    if (this.task === task) {
      this.wait(false);
      dom.text(byId("account-error"), page.explain(error));
      dom.focus(byId("account-" + task.fields[task.fields.length - 1]));
    }
  };

  /** Tab stays in the dialog. */
  Account.prototype.keyed = function (event, target) {
    var first = this.task && byId("account-" + this.task.fields[0]);
    var last = byId("account-do");
    if (dom.key(event) !== "Tab" || target !== (event.shiftKey ? first : last)) {
      return true;
    }
    dom.focus(event.shiftKey ? last : first);
    return false;
  };

  page.Account = Account;
})(twistedchatPage);
