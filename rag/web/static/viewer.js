// Runs once, when the article viewer is on the page (`element`, `trigger`, `watch` are gradio's).
// A marker carries its own place, so a click needs no memory of which answer it belongs to.
let opener = null; // the button to give the focus back to
let answer = ""; // the id of its answer, which gradio may draw anew while the article is open
let open = null; // the place that is shown

function key(button) {
  const { article, start, end } = button.dataset;
  return `${article} ${start} ${end}`;
}

function opened() {
  if (opener && !opener.isConnected && answer) {
    const buttons = document.getElementById(answer)?.querySelectorAll("button[data-start]") ?? [];
    opener = [...buttons].find((other) => key(other) === key(opener)) ?? opener;
  }
  return opener;
}

// The quotes of the answer that a button belongs to, each once, in their order.
function quotes(button) {
  const block = button && button.closest(".rag-answer");
  if (!block) return [];
  const found = new Map();
  for (const other of block.querySelectorAll("button[data-start]")) {
    if (!found.has(key(other))) found.set(key(other), other);
  }
  return [...found.values()].sort((a, b) => a.dataset.n - b.dataset.n);
}

function steps() {
  const all = quotes(opened());
  const at = all.findIndex((other) => key(other) === open);
  if (at < 0 || all.length < 2) return;
  const row = document.createElement("span");
  row.className = "rag-between";
  const count = document.createElement("span");
  count.textContent = `Quote ${at + 1} of ${all.length}`;
  const [before, after] = [["‹", "Quote before", -1], ["›", "Next quote", 1]].map(([text, label, by]) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", () => step(by));
    return made;
  });
  row.append(before, count, after);
  element.querySelector(".rag-bar")?.prepend(row);
}

function step(by) {
  const all = quotes(opened());
  const at = all.findIndex((other) => key(other) === open);
  if (at >= 0) show(all[(at + by + all.length) % all.length]);
}

// Show which number is open, wherever it stands in its answer.
function point() {
  const block = open === null ? null : opened()?.closest(".rag-answer");
  for (const marker of document.querySelectorAll(".rag-marker")) {
    const here = block !== null && block === marker.closest(".rag-answer") && key(marker) === open;
    if (here === marker.hasAttribute("aria-current")) continue;
    if (here) marker.setAttribute("aria-current", "true");
    else marker.removeAttribute("aria-current");
  }
}

function reveal() {
  document.body.classList.toggle("rag-reading", open !== null);
  point();
  if (open === null) return;
  element.querySelector(".rag-between")?.remove();
  steps();
  const mark = element.querySelector("mark");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const room = element.closest("#rag-viewer");
  if (mark) {
    const middle = mark.getBoundingClientRect().top - room.getBoundingClientRect().top;
    room.scrollBy({ top: middle - room.clientHeight / 3, behavior: calm ? "auto" : "smooth" });
    mark.focus({ preventScroll: true });
  } else {
    room.scrollTo({ top: 0 });
    element.querySelector(".rag-close")?.focus({ preventScroll: true });
  }
}

function close() {
  if (open === null) return false;
  open = null;
  reveal();
  trigger("shut");
  if (opened()?.isConnected) opener.focus();
  return true;
}

function show(button) {
  opener = button;
  answer = button.closest(".rag-answer")?.id ?? "";
  if (key(button) === open) return reveal();
  open = key(button);
  const { article, start, end } = button.dataset;
  trigger("show", start === undefined ? { article } : { article, start: Number(start), end: Number(end) });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches(".rag-close")) close();
  else if (button?.matches("[data-article]")) show(button);
  else if (button?.dataset.act === "contents") {
    opener = button;
    open = "contents";
    trigger("show", { contents: true });
  } else if (event.target.matches("#rag-side")) close(); // the dimmed page beside the drawer
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    if (close()) event.preventDefault(); // the key has done its work
    return;
  }
  if (event.target.closest("input, textarea, select, [role=radiogroup]")) return;
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  if (open !== null) step(by);
  else if (event.target.matches(".rag-marker")) {
    const all = [...event.target.closest(".rag-answer").querySelectorAll(".rag-marker")];
    all[(all.indexOf(event.target) + by + all.length) % all.length].focus();
  } else return;
  event.preventDefault();
});

watch("value", reveal);
new MutationObserver(() => open !== null && point()).observe(document.body, {
  childList: true,
  subtree: true,
  attributeFilter: ["aria-current"],
});
