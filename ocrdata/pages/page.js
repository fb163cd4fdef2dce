// Samples open in a dialog (Enter; arrow keys go on, Escape closes) and are chosen by split.
(function () {
  "use strict";
  var box = document.querySelector("dialog");
  var all = Array.prototype.slice.call(document.querySelectorAll("button.sample"));
  if (!box || !all.length) { return; }
  var body = box.querySelector(".view"), current = null;
  function shown() { return all.filter(function (one) { return !one.hidden; }); }
  function show(one) {
    current = one;
    body.replaceChildren.apply(body, Array.prototype.map.call(one.childNodes, function (node) {
      return node.cloneNode(true);
    }));
    fit(body.querySelector("img"));
    if (!box.open) { box.showModal(); }
  }
  // As large as the window allows, four times at the most.
  function fit(image) {
    if (!image) { return; }
    var width = Number(image.getAttribute("width")), height = Number(image.getAttribute("height"));
    var scale = Math.min(window.innerWidth * 0.86 / width, window.innerHeight * 0.66 / height, 4);
    image.style.width = Math.max(1, Math.floor(width * scale)) + "px";
  }
  function move(step) {
    var list = shown(), place = list.indexOf(current);
    show(list[(place + step + list.length) % list.length]);
  }
  all.forEach(function (one) { one.addEventListener("click", function () { show(one); }); });
  box.addEventListener("keydown", function (event) {
    if (event.key === "ArrowRight") { move(1); event.preventDefault(); }
    if (event.key === "ArrowLeft") { move(-1); event.preventDefault(); }
  });
  box.addEventListener("click", function (event) { if (event.target === box) { box.close(); } });
  box.querySelector(".back").addEventListener("click", function () { move(-1); });
  box.querySelector(".next").addEventListener("click", function () { move(1); });
  box.addEventListener("close", function () { if (current) { current.focus(); } });
  document.querySelectorAll("input[name=split]").forEach(function (input) {
    input.addEventListener("change", function () {
      all.forEach(function (one) {
        one.hidden = input.value !== "" && one.dataset.split !== input.value;
      });
    });
  });
  var boxes = document.querySelector("input[name=boxes]");
  if (boxes) {
    boxes.addEventListener("change", function () {
      document.body.classList.toggle("plain", !boxes.checked);
    });
  }
}());
