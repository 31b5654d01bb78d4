"use strict";
// Brings in what is new every second. What the reader has opened or stands on stays as it is.
(() => {
  const body = document.body;
  const live = document.getElementById("live");
  const calls = document.getElementById("calls");
  let last = Number(body.dataset.last);
  const say = (on, text) => {
    if (live.textContent !== text) live.textContent = text;
    live.dataset.on = on;
  };
  // The server escapes every text, and the page's policy runs no script but this one.
  const replace = (id, html) => {
    const place = document.getElementById(id);
    const open = new Set([...place.querySelectorAll("details[open]")].map((each) => each.id));
    const focus = place.contains(document.activeElement) ? document.activeElement.closest("details")?.id : null;
    place.innerHTML = html;
    for (const each of place.querySelectorAll("details")) if (open.has(each.id)) each.open = true;
    if (focus) document.getElementById(focus)?.querySelector("summary")?.focus({ preventScroll: true });
  };
  const refresh = async () => {
    const answer = await fetch(`/_sandbox/state.json?since=${last}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const state = await answer.json();
    if (state.life !== body.dataset.life) return location.reload();
    if (state.last !== last) {
      last = state.last;
      if (state.gap) calls.replaceChildren();
      else calls.querySelector(".empty")?.remove();
      calls.insertAdjacentHTML("afterbegin", state.calls);
      for (const old of [...calls.children].slice(state.most)) old.remove();
      replace("records", state.records);
      replace("notes", state.notes);
      document.getElementById("counted").textContent = state.counted;
    }
    say("yes", "live");
  };
  const turn = async () => {
    try { await refresh(); } catch { say("no", "the sandbox does not answer"); }
    setTimeout(turn, 1000);
  };
  turn();
})();
