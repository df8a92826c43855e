/* The page's half of chatthing.chatterbox.ChatterElement. */
(function () {
  "use strict";

  var LINES = 500;               // that are kept; the oldest go

  /** Add an element with a text to another one; the text never becomes markup. */
  function add(parent, tag, text) {
    var node = document.createElement(tag);
    node.appendChild(document.createTextNode(text));
    parent.appendChild(node);
    return node;
  }

  function addLine(lines, name, text) {
    var line = document.createElement("p");
    if (name !== null) {
      add(line, "b", name);
      line.appendChild(document.createTextNode(": "));
    }
    add(line, name === null ? "i" : "span", text);
    lines.appendChild(line);
    while (lines.childNodes.length > LINES) {
      lines.removeChild(lines.firstChild);
    }
    line.scrollIntoView(false);
  }

  TwistedChat.widget("ChatThing.ChatterWidget", {
    init: function () {
      this.lines = this.find("chat-lines");
      this.onSubmit("chat-login", this.doSetUsername);
      this.onSubmit("chat-say", this.doSay);
      this.find("chat-name").focus();
    },

    methods: {
      /** Return the element of our template with this class. */
      find: function (name) {
        return this.node.querySelector("." + name);
      },

      onSubmit: function (name, method) {
        var self = this;
        TwistedChat.listen(this.find(name), "submit", function (event) {
          event.preventDefault();
          method.call(self);
        });
      },

      doSetUsername: function () {
        var self = this;
        var name = this.find("chat-name").value.trim();
        if (name === "") {
          return null;
        }
        return this.callRemote("setUsername", name).addCallback(function (username) {
          self.problem("");
          self.find("chat-username").textContent = username;
          self.find("chat-login").hidden = true;
          self.find("chat-room").hidden = false;
          self.find("chat-text").focus();
        }).addErrback(function (error) {
          self.problem(error.text);
        });
      },

      doSay: function () {
        var self = this;
        var input = this.find("chat-text");
        var text = input.value.trim();
        if (text === "") {
          return null;
        }
        input.value = "";
        return this.callRemote("say", text).addCallback(function () {
          self.problem("");
        }).addErrback(function (error) {
          self.problem(error.text);
          input.value = input.value || text;
        });
      },

      problem: function (text) {
        this.find("chat-problem").textContent = text;
      }
    },

    exposed: {
      displayMessage: function (text) {
        addLine(this.lines, null, text);
      },

      displayUserMessage: function (name, text) {
        addLine(this.lines, name, text);
      }
    }
  });
}());
