// Brings the page up to date every ten seconds, and says so plainly when it cannot: a stale page
// must not look like good news. "As of" moves only when all of the page was brought to that time,
// or what waits for the reader is said.
import { patch } from "./patch.js";

const EVERY = 10_000;
const TOO_OLD = 25_000;
const LIVE = ["live", "live-extensions"];
const BROKEN = "a part could not be brought up to date";

const connection = document.getElementById("connection");
const show = document.getElementById("show");
const icon = document.querySelector("link[rel=icon]");

let [title, colour] = [document.title, icon.getAttribute("href")];
let answeredAt = timeOf(document); // by regwatch's clock, in the last answer, shown or not
let asked = Date.now() - performance.now(); // when the page itself was asked for
let heard = asked; // when was asked what stands here
let isAsking = false;
let latest = null;
let readerWasAt = null;

class Doubt extends Error {}

function tick() {
  const now = Date.now();
  // Absolute: this computer's clock may be set back.
  if (!isDoubted() && Math.abs(now - heard) > TOO_OLD) doubt("nothing new from regwatch");
  return isAsking || Math.abs(now - asked) < EVERY ? undefined : refresh(now);
}

async function refresh(now) {
  [isAsking, asked] = [true, now];
  try {
    if (take(await ask())) heard = now;
  } catch (error) {
    doubt(error instanceof Doubt ? error.message : BROKEN);
  } finally {
    isAsking = false;
  }
}

async function ask() {
  let [answer, text] = [];
  try {
    const signal = AbortSignal.timeout(EVERY);
    answer = await fetch(location.href, { cache: "no-store", signal });
    text = await answer.text();
  } catch {
    throw new Doubt("regwatch does not answer");
  }
  if (!answer.ok) throw new Doubt(`regwatch answers with error ${answer.status}`);
  return new DOMParser().parseFromString(text, "text/html");
}

/** Whether it is news. Older than the answer before is none, once: then regwatch's clock was set
    back, and the next answer is later again. */
function take(fresh) {
  const [before, at] = [answeredAt, timeOf(fresh)];
  answeredAt = at;
  if (at < before) throw new Doubt("the last answer is older than this page");
  if (at === before) return false;
  latest = fresh;
  bring(false);
  patch(document.querySelector(".seen time"), fresh.querySelector(".seen time"));
  doubt("");
  return true;
}

function timeOf(page) {
  const time = page.querySelector(".seen time");
  if (!time || !page.getElementById("verdict")) throw new Doubt("the last answer is no status page");
  return time.dateTime;
}

function bring(forced) {
  const verdict = document.getElementById("verdict");
  const fresh = latest.getElementById("verdict");
  if (!verdict.isEqualNode(fresh)) verdict.replaceWith(document.importNode(fresh, true));
  [title, colour] = [latest.title, latest.querySelector("link[rel=icon]").getAttribute("href")];
  keepSelection(() => offer(LIVE.reduce((sum, id) => sum + bringPart(id, forced), 0)));
}

function bringPart(id, forced) {
  const [then, now] = [document.getElementById(id), latest.getElementById(id)];
  const waiting = patch(then, now, forced);
  if (!waiting && words(then) !== words(now)) throw new Error(`${id} is not as it should be`);
  return waiting;
}

const words = (part) => part.textContent.replace(/\s+/g, "");

/** A cell that changes under a selection would end it. */
function keepSelection(change) {
  const chosen = getSelection();
  const { isCollapsed, anchorNode, anchorOffset, focusNode, focusOffset } = chosen;
  change();
  if (isCollapsed || !anchorNode.isConnected || !focusNode.isConnected) return;
  if (chosen.anchorOffset === anchorOffset && chosen.focusOffset === focusOffset) return;
  const within = (node, offset) => Math.min(offset, (node.data ?? node.childNodes).length);
  const [from, to] = [within(anchorNode, anchorOffset), within(focusNode, focusOffset)];
  chosen.setBaseAndExtent(anchorNode, from, focusNode, to);
}

function offer(waiting) {
  const line = waiting ? `${waiting} ${waiting === 1 ? "change" : "changes"}, show` : "";
  if (show.textContent !== line) show.textContent = line;
  if (!waiting && document.activeElement === show) readerWasAt?.focus({ preventScroll: true });
  show.hidden = !waiting;
}

function bringAll() {
  try {
    bring(true);
  } catch {
    doubt(BROKEN);
  }
}

const isDoubted = () => document.body.classList.contains("stale");

/** Say that the page is out of date, and why; with nothing, that it is not. */
function doubt(why) {
  const line = why && `· ${why}: this page is out of date`;
  if (connection.textContent !== line) connection.textContent = line;
  document.body.classList.toggle("stale", why !== "");
  document.title = why ? `(!) ${title}` : title;
  const shown = why && !colour.endsWith("bad.svg") ? "static/warning.svg" : colour;
  if (icon.getAttribute("href") !== shown) icon.setAttribute("href", shown);
}

show.addEventListener("focus", (event) => {
  readerWasAt = event.relatedTarget;
});
show.addEventListener("click", bringAll);
document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);
doubt("");
