"use strict";
(function () {
  var form = document.getElementById("filters");
  var status = document.getElementById("status");
  var items = Array.prototype.slice.call(document.querySelectorAll("li[data-evidence]"));
  var marks = Array.prototype.slice.call(document.querySelectorAll("mark[data-evidence]"));

  function chosen(name) {
    return Array.prototype.filter
      .call(form.elements, function (box) { return box.name === name && box.checked; })
      .map(function (box) { return box.value; });
  }

  function update() {
    var skills = chosen("skill"), strengths = chosen("strength"), facets = chosen("facet");
    var shown = {}, count = 0;
    items.forEach(function (item) {
      var own = item.dataset.facets ? item.dataset.facets.split(" ") : ["none"];
      var yes = skills.indexOf(item.dataset.skill) >= 0 && strengths.indexOf(item.dataset.strength) >= 0 &&
        own.some(function (facet) { return facets.indexOf(facet) >= 0; });
      item.hidden = !yes;
      if (yes) { shown[item.dataset.evidence] = true; count += 1; }
    });
    marks.forEach(function (mark) {
      var numbers = mark.dataset.evidence.split(" ");
      mark.classList.toggle("off", !numbers.some(function (number) { return shown[number]; }));
      Array.prototype.forEach.call(mark.querySelectorAll("a"), function (link) {
        link.hidden = !shown[link.dataset.number];
      });
    });
    status.textContent = count + " of " + items.length + " pieces of evidence shown";
  }

  form.hidden = false;
  form.addEventListener("change", update);
  form.addEventListener("reset", function () { window.setTimeout(update, 0); });
  update();
})();
