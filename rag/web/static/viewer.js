// Runs once, when the article viewer is on the page (`element`, `trigger`, `watch` are gradio's).
// A marker carries its own place, so a click needs no memory of which answer it belongs to.
let opener = null; // the button to give the focus back to
let open = null; // the place that is shown

function key(button) {
  const { article, start, end } = button.dataset;
  return `${article} ${start} ${end}`;
}

// The quotes of the answer that a button belongs to, each once, in their order.
function quotes(button) {
  const answer = button && button.closest(".rag-answer");
  if (!answer) return [];
  const found = new Map();
  for (const other of answer.querySelectorAll("button[data-start]")) {
    if (!found.has(key(other))) found.set(key(other), other);
  }
  return [...found.values()].sort((a, b) => a.dataset.n - b.dataset.n);
}

function steps() {
  const all = quotes(opener);
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
  const all = quotes(opener);
  const at = all.findIndex((other) => key(other) === open);
  if (at >= 0) show(all[(at + by + all.length) % all.length]);
}

function reveal() {
  document.body.classList.toggle("rag-reading", open !== null);
  for (const marked of document.querySelectorAll(".rag-marker[aria-current]")) marked.removeAttribute("aria-current");
  if (open === null) return;
  element.querySelector(".rag-between")?.remove();
  steps();
  for (const button of quotes(opener)) {
    if (key(button) === open && button.matches(".rag-marker")) button.setAttribute("aria-current", "true");
  }
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
  if (opener && opener.isConnected) opener.focus();
  return true;
}

function show(button) {
  opener = button;
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
