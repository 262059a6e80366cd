// Runs once, when the article viewer is on the page (`element`, `trigger`, `watch` are gradio's).
// A marker carries its own place, so a click needs no memory of which answer it belongs to.
let opener = null; // the button to give the focus back to
let open = null; // the place that is shown

function reveal() {
  const mark = element.querySelector("mark");
  if (!mark) {
    open = null;
    return;
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  mark.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  mark.focus({ preventScroll: true });
}

function close() {
  if (!open) return;
  trigger("shut");
  if (opener && opener.isConnected) opener.focus();
}

function onClick(event) {
  if (!element.isConnected) return document.removeEventListener("click", onClick);
  if (event.target.closest(".rag-close")) return close();
  const button = event.target.closest("button[data-article]");
  if (!button) return;
  opener = button;
  const { article, start, end } = button.dataset;
  const place = `${article} ${start} ${end}`;
  if (place === open) return reveal();
  open = place;
  trigger("show", { article, start: Number(start), end: Number(end) });
}

function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey);
  if (event.key === "Escape") close();
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
watch("value", reveal);
