// Brings the page up to date every ten seconds without losing what is being typed, and says so
// plainly when regwatch no longer answers: a stale page must not look like good news.
"use strict";
const EVERY = 10000;
const LIVE = ["live", "live-extensions"];
const connection = document.getElementById("connection");

function take(fresh) {
  const open = new Set(
    [...document.querySelectorAll("details[open]")].map((d) => d.closest("[id]").id),
  );
  for (const id of LIVE) {
    const [now, then] = [fresh.getElementById(id), document.getElementById(id)];
    if (!then.contains(document.activeElement)) then.replaceWith(now);
  }
  for (const id of open) {
    document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  }
  document.querySelector(".seen time").replaceWith(fresh.querySelector(".seen time"));
  document.querySelector("link[rel=icon]").href = fresh.querySelector("link[rel=icon]").href;
  document.title = fresh.title;
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(EVERY) });
    if (!answer.ok) throw new Error(String(answer.status));
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    connection.textContent = "";
    document.body.classList.remove("stale");
  } catch {
    connection.textContent = "· regwatch does not answer: this page is out of date";
    document.body.classList.add("stale");
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
