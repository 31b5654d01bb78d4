(function () {
  var form = document.getElementById("filter");
  if (!form) { return; }
  var words = document.getElementById("filter-words");
  var outcome = document.getElementById("filter-outcome");
  var told = document.getElementById("filter-told");
  var rows = Array.prototype.slice.call(document.querySelectorAll("#rows tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function apply() {
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    rows.forEach(function (row, at) {
      var fits = (!outcome.value || row.getAttribute("data-outcome") === outcome.value) &&
        wanted.every(function (word) { return texts[at].indexOf(word) >= 0; });
      row.hidden = !fits;
      if (fits) { shown += 1; }
    });
    told.textContent = shown + " of " + rows.length + " rows shown";
  }
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  apply();
})();
