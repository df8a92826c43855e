"use strict";
const test = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { STATIC } = require("./harness");

/** What `dom.linked` makes of a text: links in angle brackets, the rest as it is. */
function linked(text) {
  const document = {
    createTextNode: (data) => ({ data }),
    createElement: () => ({
      children: [], href: null, attributes: {},
      setAttribute(name, value) { this.attributes[name] = value; },
      getAttribute(name) { return name in this.attributes ? this.attributes[name] : null; },
      removeAttribute(name) { delete this.attributes[name]; },
      appendChild(node) { this.children.push(node); return node; }
    })
  };
  const context = vm.createContext({ document, window: { location: { search: "", href: "http://localhost/" } }, localStorage: null });
  context.window.document = document;
  vm.runInContext(fs.readFileSync(path.join(STATIC, "page-dom.js"), "utf8"), context);
  const node = document.createElement("div");
  context.twistedchatPage.dom.linked(node, text);
  return node.children.map((child) => (child.attributes ? "<" + child.attributes.href + ">" : child.data)).join("");
}

[
  ["see http://a.example.", "see <http://a.example>."],
  ["(http://a.example/b)", "(<http://a.example/b>)"],
  ["http://a.example/b_(c)", "<http://a.example/b_(c)>"],
  ["http://a.example/b_(c)).", "<http://a.example/b_(c)>)."],
  ["[http://a.example/[x]]!?", "[<http://a.example/[x]>]!?"],
  ["{(http://a.example/?q=1#f)}", "{(<http://a.example/?q=1#f>)}"],
  ["http://a.example/).)", "<http://a.example/>).)"],
  ["https:// http://. javascript:alert(1)", "https:// http://. javascript:alert(1)"],
  ["HTTPS://A.example/x,http://b.example", "<HTTPS://A.example/x,http://b.example>"]
].forEach(([text, shown]) => {
  test("links in " + text, () => assert.equal(linked(text), shown));
});

test("a message made to take long does not", () => {
  const awkward = "http://a/" + ".".repeat(6000) + "a" + ")".repeat(1900);
  const started = process.cpuUsage().user;
  assert.equal(linked(awkward), "<" + awkward.slice(0, -1900) + ">" + ")".repeat(1900));
  assert.ok(process.cpuUsage().user - started < 2e6, "it took two seconds of a page that everyone in the room has");
});
