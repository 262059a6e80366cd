// Keys and menus. Enter and Shift+Enter are the question box's own.
{
  const box = () => document.querySelector("#rag-question textarea");

  let opened = ""; // the id of the answer whose menu is open
  const close = (menu) => {
    menu.open = false;
    opened = ""; // at once: the toggle event comes later, and never to a menu that is redrawn
  };

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.body.classList.contains("rag-reading")) return; // Escape closes the article first
    const menu = document.querySelector(".rag-menu[open]");
    if (menu) {
      close(menu);
      menu.querySelector("summary").focus();
    } else if (document.querySelector("#rag-question button.stop-button")) {
      document.querySelector("#rag-question button.stop-button").click();
      box()?.focus();
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".rag-menu[open]")) {
      const chosen = event.target.closest("button"); // what was chosen closes it too
      if (chosen || !menu.contains(event.target)) close(menu);
    }
  });

  // Questions to ask next come after the answer and draw it anew; an open menu stays open.
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches(".rag-menu"))
        opened = event.target.open ? event.target.closest("[id]").id : "";
    },
    true, // this event does not bubble
  );
  new MutationObserver(() => {
    const menu = opened && document.querySelector(`#${opened} .rag-menu:not([open])`);
    if (menu) menu.open = true;
  }).observe(document.body, { childList: true, subtree: true });
}
