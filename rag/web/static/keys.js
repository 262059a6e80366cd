// Keys and menus. Enter and Shift+Enter are the question box's own.
{
  const box = () => document.querySelector("#rag-question textarea");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.body.classList.contains("rag-reading")) return; // Escape closes the article first
    const menu = document.querySelector(".rag-menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (document.querySelector("#rag-question button.stop-button")) {
      document.querySelector("#rag-question button.stop-button").click();
      box()?.focus();
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".rag-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}
