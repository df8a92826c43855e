/* The page's half of echothing.echobox.EchoElement. */
(function () {
  "use strict";

  var LINES = 500;               // that are kept; the oldest go

  TwistedChat.widget("EchoThing.EchoWidget", {
    init: function () {
      var self = this;
      this.lines = this.node.querySelector(".echo-lines");
      this.count = this.node.querySelector(".echo-count");
      this.input = this.node.querySelector(".echo-text");
      TwistedChat.listen(this.node.querySelector(".echo-say"), "submit", function (event) {
        event.preventDefault();
        self.doSay();
      });
      this.input.focus();
    },

    methods: {
      doSay: function () {
        var count = this.count;
        var text = this.input.value.trim();
        if (text === "") {
          return null;
        }
        this.input.value = "";
        return this.callRemote("say", text).addCallback(function (lines) {
          count.textContent = "Lines that came back: " + lines;
        }).addErrback(function (error) {
          count.textContent = error.text;
        });
      }
    },

    exposed: {
      addText: function (text) {
        var line = document.createElement("p");
        line.appendChild(document.createTextNode(text));
        this.lines.appendChild(line);
        while (this.lines.childNodes.length > LINES) {
          this.lines.removeChild(this.lines.firstChild);
        }
        return this.lines.childNodes.length;
      }
    }
  });
}());
