// Parse every given file as ECMAScript 3 and complain in the form "file:line:column: message"; exit 1 if any fails.
// Usage: node check_es3.js MODULES FILE…   (MODULES: the node_modules folder that has acorn)
"use strict";

var fs = require("fs");
var path = require("path");
var acorn = require(path.resolve(process.argv[2], "acorn"));

function complaintsOf(file) {
  var complaints = [];
  function complain(place, message) {
    complaints.push(file + ":" + place.line + ":" + (place.column + 1) + ": " + message);
  }
  try {
    acorn.parse(fs.readFileSync(file, "utf8"), {
      ecmaVersion: 3,
      allowReserved: "never", // a.default and {class: 1} too: Internet Explorer 8 stops there
      locations: true,
      // legal at the end of an array, but Internet Explorer 8 counts an element more
      onTrailingComma: function (offset, place) { complain(place, "comma at the end of a list"); }
    });
  } catch (error) {
    if (!error.loc) { throw error; }
    complain(error.loc, error.message);
  }
  return complaints;
}

var files = process.argv.slice(3);
var all = [].concat.apply([], files.map(complaintsOf));
all.forEach(function (line) { console.log(line); });
console.log(files.length + " files, " + all.length + " complaints");
process.exit(all.length ? 1 : 0);
