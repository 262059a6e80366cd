// The card that a number shows when pointed at or focused: a copy of its quote in the answer.
{
  const card = document.createElement("div");
  card.id = "rag-hover";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  document.body.append(card);
  let leaving = 0;

  function hide() {
    card.hidden = true;
    document.querySelector("[aria-describedby=rag-hover]")?.removeAttribute("aria-describedby");
  }

  function quoteOf(marker) {
    const { article, start, end } = marker.dataset;
    const cards = marker.closest(".rag-answer")?.querySelectorAll(".rag-card") ?? [];
    return [...cards].find((other) => {
      const place = other.querySelector("button[data-start]")?.dataset;
      return place && place.article === article && place.start === start && place.end === end;
    });
  }

  function show(marker) {
    const quote = quoteOf(marker);
    if (!quote || quote.contains(marker)) return hide(); // it stands beside its quote anyway
    const parts = [quote.querySelector("blockquote"), quote.querySelector(".rag-source")];
    card.replaceChildren(...parts.map((part) => part.cloneNode(true)));
    marker.setAttribute("aria-describedby", "rag-hover");
    card.hidden = false;
    const at = marker.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const fits = at.bottom + 6 + size.height < innerHeight;
    card.style.left = `${Math.max(8, Math.min(at.left - 16, innerWidth - size.width - 8))}px`;
    card.style.top = `${fits ? at.bottom + 6 : Math.max(8, at.top - 6 - size.height)}px`;
  }

  function enter(event) {
    const marker = event.target.closest?.(".rag-marker");
    if (marker || card.contains(event.target)) clearTimeout(leaving);
    if (marker && document.body.contains(marker)) show(marker);
  }

  function leave(event) {
    if (!event.target.closest?.(".rag-marker, #rag-hover")) return;
    clearTimeout(leaving);
    leaving = setTimeout(hide, 150);
  }

  document.addEventListener("mouseover", enter);
  document.addEventListener("focusin", enter);
  document.addEventListener("mouseout", leave);
  document.addEventListener("focusout", leave);
  document.addEventListener("scroll", (event) => card.contains(event.target) || hide(), true);
  document.addEventListener("click", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !card.hidden) {
      hide();
      event.preventDefault(); // the key has done its work
    }
  }, true);
}
