// Makes a part of the page like a fresh one, in place: what stays keeps its element, and with it
// focus, selection and open details. Where somebody reads (these three are there), nothing is moved
// or taken away: it waits, carries the class "waits", and is counted.

/** How many changes wait; with `forced`, none does. */
export function patch(then, now, forced = false) {
  if (then.localName === "details") now.open = then.open;
  if (then.isEqualNode(now)) return 0;
  if (then.nodeType === Node.TEXT_NODE) {
    then.data = now.data;
    return 0;
  }
  copyAttributes(then, now);
  const [old, fresh] = [keyed(then), keyed(now)];
  // The words of a sentence are not rows: all of them change, or none.
  if ((isProse(then) || isProse(now)) && String([...old.keys()]) !== String([...fresh.keys()])) {
    if (!forced && hasReader(then)) return mark(then);
    then.replaceChildren(...[...now.childNodes].map(copy));
    return 0;
  }
  return patchRows(then, old, fresh, !forced && isRead(then), forced);
}

function patchRows(then, old, fresh, holds, forced) {
  let [waiting, before] = [0, null];
  for (const [key, child] of fresh) {
    const row = old.get(key) ?? copy(child);
    if (old.has(key)) waiting += patch(row, child, forced);
    if (!(holds && old.has(key))) put(row, then, before);
    before = row;
  }
  for (const [key, row] of old) {
    if (fresh.has(key)) continue;
    if (holds) waiting += mark(row);
    else row.remove();
  }
  return holds ? waiting + moved(old, fresh) : waiting;
}

/** The children but for blanks, by id or `data-key`, else by their kind and how many came before. */
function keyed(node) {
  const [found, seen] = [new Map(), new Map()];
  for (const child of node.childNodes) {
    if (isBlank(child)) continue;
    const name = `${child.nodeName} ${child.id || child.dataset?.key || ""}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    found.set(`${name} ${seen.get(name)}`, child);
  }
  return found;
}

function put(row, parent, before) {
  let next = before ? before.nextSibling : parent.firstChild;
  while (next && isBlank(next)) next = next.nextSibling;
  if (next === row) return;
  if (before) before.after(row);
  else parent.prepend(row);
}

/** The fewest rows that would have to move: all but the longest run in order. */
function moved(old, fresh) {
  const places = [...old.keys()].filter((key) => fresh.has(key));
  const wanted = [...fresh.keys()].filter((key) => old.has(key));
  const runs = [];
  wanted.map((key) => places.indexOf(key)).forEach((place, n, all) => {
    runs.push(1 + Math.max(0, ...runs.filter((_, earlier) => all[earlier] < place)));
  });
  return wanted.length - Math.max(0, ...runs);
}

/** Whether focus, an end of the selection or open details are in it. */
function hasReader(node) {
  const { isCollapsed, anchorNode, focusNode } = getSelection();
  const places = [document.activeElement, ...(isCollapsed ? [] : [anchorNode, focusNode])];
  return (
    places.some((place) => place !== node && node.contains(place)) ||
    node.querySelector("details[open]") !== null
  );
}

/** Whether the reader is in it, or it is selected as a part of more. */
function isRead(node) {
  const chosen = getSelection();
  const isSelected = !chosen.isCollapsed && chosen.getRangeAt(0).intersectsNode(node);
  return isSelected || hasReader(node);
}

function mark(row) {
  row.classList?.add("waits");
  return 1;
}

function copyAttributes(then, now) {
  for (const name of then.getAttributeNames()) {
    if (!now.hasAttribute(name)) then.removeAttribute(name);
  }
  for (const { name, value } of now.attributes) {
    if (then.getAttribute(name) !== value) then.setAttribute(name, value);
  }
}

const copy = (node) => document.importNode(node, true);
const isBlank = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() === "";
const isProse = (node) =>
  [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && !isBlank(child));
